//! Every way in which frameworks say a secret, as far as we know them: none is left.

use super::*;

/// What a secret stands for here: it would be told to be one by its looks, where that counts.
const SECRET: &str = "hunter2Xk9Qw";

fn hidden(text: &str) -> String {
    let keys = Keys::new(SECRET_KEYS.iter().copied());
    let text = hide(&keys, text.as_bytes()).unwrap_or_else(|| text.as_bytes().to_vec());
    String::from_utf8(text).unwrap()
}

/// `$` is the secret; what is behind `|` must be left.
const SPELLINGS: &[&str] = &[
    // Names of keys.
    "password=$| user=ann",
    "PASSWORD=$",
    "DB_PASSWORD=$| DB_USER=ann",
    "dbPassword=$",
    "db-password=$",
    "db.password=$",
    "spring.datasource.password=$",
    "SPRING_DATASOURCE_PASSWORD=$",
    "accessToken=$",
    "access-token=$",
    "ACCESS_TOKEN=$",
    "AccessToken: $",
    "X-Access-Token: $",
    "HTTP_X_ACCESS_TOKEN=$",
    "apikey=$",
    "api.key=$",
    "apiKey: $",
    "API key: $",
    "Secret Access Key: $",
    "private key = $",
    "aws_secret_access_key = $",
    "AWS_SESSION_TOKEN=$",
    "clientSecret=$",
    "client secret: $",
    "password1=$&password2=$",
    "password_confirmation=$",
    "passwordConfirmation: $",
    "confirm_password=$",
    "passwordHash=$",
    "csrf_token=$",
    "csrfmiddlewaretoken=$",
    "X-XSRF-TOKEN: $",
    "JSESSIONID=$",
    "PHPSESSID=$",
    "ASP.NET_SessionId=$",
    "connect.sid=$;| a=b",
    "connect.sid: $",
    "X-Amz-Security-Token=$&|X-Amz-Date=1",
    "X-Amz-Signature=$",
    "SharedAccessSignature=$",
    // Structs.
    r#"Secret { password: "$", |n: 1 }"#,
    r#"Config { db: Db { password: Some("$"), |n: 1 } }"#,
    "Config {\n    password: \"$\",\n|    n: 1,\n}",
    r#"Token("$")"#,
    r#"User { token: Token("$"), |n: 1 }"#,
    r#"ApiKey("$")"#,
    "User(password=$, |name=ann)",
    "User{password='$', |name='ann'}",
    "{User:ann Password:$}",
    "map[password:$ |user:ann]",
    r#"main.Config{Password:"$", |User:"ann"}"#,
    r##"#<User id: 1, @password="$", |@name="ann">"##,
    r#"{:password=>"$", |:user=>"ann"}"#,
    r#"{"password"=>"$", |"user"=>"ann"}"#,
    r#"%{password: "$", |user: "ann"}"#,
    r#"{'password': '$', |'user': 'ann'}"#,
    "password=SecretStr('$')",
    r#"Array ( [password] => $ |[user] => ann )"#,
    r#"array(2) { ["password"]=> string(12) "$" |["user"]=> string(3) "ann" }"#,
    // JSON, and what is in it.
    r#"{"password":"$",|"user":"ann"}"#,
    r#"{"password" : "$"|}"#,
    r#"{"body":"{\"password\":\"$\",|\"user\":\"ann\"}"}"#,
    r#"{"body":"{\\\"password\\\":\\\"$\\\"}"}"#,
    r#"{\u0022password\u0022:\u0022$\u0022}"#,
    r#"{"body":"{\u0022password\u0022: \u0022$\u0022}"}"#,
    "{&quot;password&quot;:&quot;$&quot;}",
    "{&#34;password&#34;:&#34;$&#34;}",
    r#"{"name":"password","value":"$",|"n":1}"#,
    r#"{"name": "Authorization", "value": "Bearer $"|}"#,
    r#"[{"key":"api_key","value":"$"|}]"#,
    r#"{"body":"{\"name\":\"password\",\"value\":\"$\"|}"}"#,
    r#"EnvVar { name: "DB_PASSWORD", value: "$" |}"#,
    r#"<add key="password" value="$" |/>"#,
    "<password>$|</password>",
    "<soap:Password>$|</soap:Password>",
    r#"<password type="text">$|</password>"#,
    // Addresses and forms.
    "GET /?token=$&|n=1",
    "GET /#access_token=$&|n=1",
    "POST user[password]=$&|n=1",
    "user%5Bpassword%5D=$&|n=1",
    "user%255Bpassword%255D%3D$",
    "?next=%2F%3Ftoken%3D$",
    "?next=%252F%253Ftoken%253D$",
    "%7B%22password%22%3A%22$%22%7D",
    "%7B%22password%22%3A+%22$%22%7D",
    "%7B%22password%22%3A%20%22$%22%7D",
    "%2522password%2522%253A%2522$%2522",
    "api%5Fkey=$",
    "api%2Dkey=$",
    "X%2DApi%2DKey%3D$",
    "pass%77ord=$",
    "passwor%64=$",
    "%70%61%73%73%77%6f%72%64=$",
    "password=%68$%20$",
    "postgres://ann:$@|db.example.com/shop",
    "postgres://ann:$@|db:5432/shop?a=b",
    "redis://:$@|cache:6379/0",
    "amqp://ann:p@$@|mq/vhost",
    "mongodb+srv://ann:$@|cluster0.example.net/?retry=true",
    "https://x-access-token:$@|github.com/a/b.git",
    "https://ghp_0123456789abcdef$@|github.com/a/b.git",
    r#"url="https://ann:$@|example.com/""#,
    r#"{"url":"https://ann:$@|example.com/"}"#,
    r#"{"url":"https:\/\/ann:$@|example.com\/"}"#,
    "url=https%3A%2F%2Fann%3A$%40|example.com%2F",
    "https://ann:$/x@|example.com/",
    // Headers.
    "Authorization: Bearer $",
    "authorization: Basic YW5uOmh1bnRlcjI=",
    "Proxy-Authorization: Basic $",
    "Cookie: a=b; sid=$",
    "Set-Cookie: sid=$; Path=/; HttpOnly",
    r#"{"set-cookie":["sid=$; Path=/","b=$"]|}"#,
    r#"{"headers":{"authorization":"Bearer $",|"host":"a"}}"#,
    r#"headers={"authorization": "Bearer $", |"host": "a"}"#,
    r#"("authorization", "Bearer $")"#,
    r#"curl -H 'Authorization: Bearer $' |https://example.com"#,
    r#"curl -H "X-Api-Key: $" |https://example.com"#,
    "login --password $ |--user ann",
    "login --password=$ |--user ann",
    "map[Authorization:[Bearer $] Host:[a]]",
    r#"http.Header{"Authorization":[]string{"Bearer $"}, "Host":[]string{"a"}}"#,
    "{'Authorization': ['Bearer $'], |'a': 1}",
    r#"{"authorization": Sensitive, "x-api-key": "$"|}"#,
    "Authorization%3A%20Bearer%20$",
    "authorization=[Bearer $], host=[a]",
    "-H Authorization:Bearer\\ $",
    "SAMLResponse=$&|n=1",
    "client_assertion=$&|n=1",
    "AccountKey=$;|EndpointSuffix=a",
    "User ID=sa;Password=$;|Database=x",
    r#"{"auths":{"docker.io":{"identitytoken":"$"|}}}"#,
    r#"{"cookies":[{"name":"sid","value":"$"}]|}"#,
    "ALTER USER ann PASSWORD '$'|",
    "SET PASSWORD = PASSWORD('$')|;",
    // Without a key.
    "got Bearer $ |from ann",
    "got bearer $, |from ann",
    r#"header "Bearer $" |from ann"#,
    r#"{"header":"Bearer $",|"n":1}"#,
    "header=Bearer%20$",
    "header=Bearer+$",
    "Some(\"Bearer $\")",
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.$",
    "Bearer: $",
    "Token $$ |ok",
    "ApiKey $$",
    "Negotiate $$",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.$| is refused",
    "id=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.$&|n=1",
    "next=%2Fa%3Fid%3DeyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.$&|n=1",
    r#"{"id":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.$",|"n":1}"#,
    "Invalid signature: eyJhbGciOiJkaXIifQ..$.abc.def|",
];

#[test]
fn none_is_left() {
    let mut left = Vec::new();
    for spelling in SPELLINGS {
        let text = spelling.replace('|', "").replace('$', SECRET);
        let hidden = hidden(&text);
        let behind = spelling.split_once('|').map_or("", |(_, behind)| behind);
        if hidden.contains(SECRET) || !hidden.ends_with(behind) || !hidden.contains("[redacted]") {
            left.push(format!("{text}\n    {hidden}"));
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn a_schemes_credentials_are_told_from_words() {
    for (text, expected) in [
        ("Basic YW5uOmh1bnRlcjI=", "Basic [redacted]"),
        ("use basic YW5uOmh1bnRlcjI, ok", "use basic [redacted], ok"),
        (
            r#"{"a":"Basic YW5uOmh1bnRlcjI="}"#,
            r#"{"a":"Basic [redacted]"}"#,
        ),
        ("BEARER abc123def.", "BEARER [redacted]."),
        (
            "x=Basic%20YW5uOmh1bnRlcjI%3D&n=1",
            "x=Basic%20[redacted]&n=1",
        ),
    ] {
        assert_eq!(hidden(text), expected);
    }
    for text in [
        "basic authentication failed",
        "Basic HTTP/1.1 with 12345678 bytes",
        "the bearer of news",
        "Bearer authentication is off, Bearer tokens",
        "WWW-Authenticate: Bearer realm=x",
        "Bearer [redacted]",
        "token bucket refilled",
        "Token expired after 3600",
        "negotiate a version",
        "basic",
        "Bearer ",
    ] {
        assert_eq!(hidden(text), text);
    }
}

#[test]
fn fields_with_many_meanings_are_told_by_their_form() {
    let digest = "6629fae49393a05397450978507c4ef1";
    for (text, expected) in [
        (
            r#"{"auths":{"docker.io":{"auth":"YW5uOmh1bnRlcjI="}}}"#.to_owned(),
            r#"{"auths":{"docker.io":{"auth":"[redacted]"}}}"#,
        ),
        (
            r#"{"a":"{\"auth\": \"YW5uOmh1bnRlcjI=\"}"}"#.to_owned(),
            r#"{"a":"{\"auth\": \"[redacted]\"}"}"#,
        ),
        (
            "//npm.example.com/:_auth=YW5uOmh1bnRlcjI=".to_owned(),
            "//npm.example.com/:_auth=[redacted]",
        ),
        (
            format!(r#"Digest username="ann", nonce="1", response="{digest}", qop=auth"#),
            r#"Digest username="ann", nonce="1", response="[redacted]", qop=auth"#,
        ),
        (
            format!(r#"Authorization: Digest username="ann", uri="/", response="{digest}""#),
            "Authorization: [redacted]",
        ),
        (
            format!("digest: response={digest}{digest}, opaque=1"),
            "digest: response=[redacted], opaque=1",
        ),
    ] {
        assert_eq!(hidden(&text), expected);
    }
    for text in [
        "auth=failed",
        "auth: disabled for 10.0.0.1",
        r#"{"auth":"oauth2","n":1}"#,
        "oauth=true",
        "response=200 in 12ms",
        "response: 6629fae4",
        r#"{"response":"6629fae4-9393-a053-9745-0978507c4ef1"}"#,
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJ.a.b",
        "eyJhbGciOiJIUzI1NiJ9.",
    ] {
        assert_eq!(hidden(text), text);
    }
}

#[test]
fn a_private_key_is_hidden_up_to_its_end() {
    let body = "MIIEpAIBAAKCAQEA7bq\nabc/def+ghi==\n";
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let pem = format!("key:\n-----BEGIN {label}-----\n{body}-----END {label}-----\nok\n");
        let expected =
            format!("key:\n-----BEGIN {label}-----[redacted]-----END {label}-----\nok\n");
        assert_eq!(hidden(&pem), expected);
        // In JSON, and without its end.
        let json = format!("{{\"pem\":{:?},\"n\":1}}", pem);
        let expected = format!("{{\"pem\":{:?},\"n\":1}}", expected);
        assert_eq!(hidden(&json), expected);
        let cut = format!("-----BEGIN {label}-----\n{body}");
        assert_eq!(hidden(&cut), format!("-----BEGIN {label}-----[redacted]\n"));
        let cut = format!("{{\"pem\":\"-----BEGIN {label}-----\\nMIIE\",\"n\":1}}");
        let expected = format!("{{\"pem\":\"-----BEGIN {label}-----[redacted]\",\"n\":1}}");
        assert_eq!(hidden(&cut), expected);
    }
    // Two, and what is between them.
    let pem = "-----BEGIN PRIVATE KEY-----\na\n-----END PRIVATE KEY-----";
    let hidden_pem = "-----BEGIN PRIVATE KEY-----[redacted]-----END PRIVATE KEY-----";
    assert_eq!(
        hidden(&format!("{pem} and {pem}")),
        format!("{hidden_pem} and {hidden_pem}")
    );
    let encoded = "key=-----BEGIN+PRIVATE+KEY-----%0AMIIE%2Fabc%0A-----END+PRIVATE+KEY-----&n=1";
    let expected = "key=-----BEGIN+PRIVATE+KEY-----[redacted]-----END+PRIVATE+KEY-----&n=1";
    assert_eq!(hidden(encoded), expected);
    for public in [
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----\n",
        "-----BEGIN\n",
        "-----BEGIN of the log-----\n",
        "BEGIN; COMMIT",
    ] {
        assert_eq!(hidden(public), public);
    }
}

#[test]
fn what_has_no_secret_is_left() {
    for text in [
        "https://example.com:8080/path@2x.png",
        "https://example.com/@ann:home",
        "https://ann@example.com/",
        "ssh://git@github.com/a/b.git",
        "https://ann:@example.com/",
        "mail ann@example.com, see https://example.com",
        "http://[::1]:6061/debug/log?a=b@c",
        "std::io::Error: password::check failed",
        "10:30:00 token bucket",
        "tokens2=5",
        "the API key is wrong",
        "my keyboard: a",
        "monkey: a",
        "a 100% token",
        "100%25 of tokens",
        "<token>",
        "token > 5",
        "{\"name\":\"token\",\"type\":\"string\"}",
        "\"password\", \"user\"",
    ] {
        assert_eq!(hidden(text), text);
    }
}
