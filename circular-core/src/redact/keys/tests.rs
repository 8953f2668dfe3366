//! What is hidden, and what is left.

use super::*;
use crate::redact::text::is_of_word;
use std::time::{Duration, Instant};

fn hidden(text: &str) -> String {
    let keys = Keys::new(SECRET_KEYS.iter().copied());
    let text = hide(&keys, text.as_bytes()).unwrap_or_else(|| text.as_bytes().to_vec());
    String::from_utf8(text).unwrap()
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(hidden(text), *expected, "{text}");
    }
}

#[test]
fn values_of_listed_keys_are_hidden() {
    check(&[
        (
            "password=hunter2 user=ann\n",
            "password=[redacted] user=ann\n",
        ),
        (
            "PassWord = hunter2, user=ann",
            "PassWord = [redacted], user=ann",
        ),
        ("db.password: hunter2\n", "db.password: [redacted]\n"),
        ("X-Api-Key: abc\n", "X-Api-Key: [redacted]\n"),
        ("secret_key=sk_live_1", "secret_key=[redacted]"),
        (
            "SECRET_KEY=s3 DB_PASS=s4",
            "SECRET_KEY=[redacted] DB_PASS=[redacted]",
        ),
        ("PHPSESSID=s3cr3t; x", "PHPSESSID=[redacted]; x"),
        (
            "a password=x and token=y.",
            "a password=[redacted] and token=[redacted]",
        ),
        (
            "login --password hunter2 --user ann",
            "login --password [redacted] --user ann",
        ),
        (
            "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0mhunter2 \x1b[3mn\x1b[0m=1",
            "\x1b[3mpassword\x1b[0m\x1b[2m=\x1b[0m[redacted] \x1b[3mn\x1b[0m=1",
        ),
        (
            "\x1b[32mpassword=hunter2\x1b[0m user=ann",
            "\x1b[32mpassword=[redacted]\x1b[0m user=ann",
        ),
        (
            "private_key=-----BEGIN KEY-----\nabc\n-----END KEY-----\n",
            "private_key=[redacted]\n",
        ),
    ]);
}

#[test]
fn a_quoted_value_ends_at_its_quote() {
    check(&[
        (
            r#"password="hunter 2\" x" user="ann""#,
            r#"password="[redacted]" user="ann""#,
        ),
        (
            r#"password="a\\" user="ann""#,
            r#"password="[redacted]" user="ann""#,
        ),
        ("password='hunter 2' user", "password='[redacted]' user"),
        ("password='it's mine' user", "password='[redacted]' user"),
        ("password=\"never ends", "password=\"[redacted]"),
        (
            r#"password="a ""b"" c" user="ann""#,
            r#"password="[redacted]" user="ann""#,
        ),
        (
            r##"password=b"a b" secret=r#"a b"# n=1"##,
            r##"password=b"[redacted]" secret=r#"[redacted]"# n=1"##,
        ),
        (
            "User { password: \"x\", n: 1 }",
            "User { password: \"[redacted]\", n: 1 }",
        ),
        (
            "{'uri': '/?token=abc', 'password': 'a b', 'n': 1}",
            "{'uri': '/?token=[redacted], 'password': '[redacted]', 'n': 1}",
        ),
    ]);
}

#[test]
fn what_begins_within_quotes_ends_there() {
    check(&[
        (
            r#"uri="/oauth/callback?code=1&token=abc" authorization="Bearer s3cr3t""#,
            r#"uri="/oauth/callback?code=1&token=[redacted]" authorization="[redacted]""#,
        ),
        (
            r#"url="https://idp/?access_token=abc" password="correct horse battery staple""#,
            r#"url="https://idp/?access_token=[redacted]" password="[redacted]""#,
        ),
        (
            r#"msg="enter password:" user="ann" token="a b""#,
            r#"msg="enter password:" user="ann" token="[redacted]""#,
        ),
        (
            r#"5" screen, "GET /?token=abc HTTP/1.1" 200 password="a b" n=1"#,
            r#"5" screen, "GET /?token=[redacted] HTTP/1.1" 200 password="[redacted]" n=1"#,
        ),
        (
            r#"say "hi password=p"ss user=ann"#,
            r#"say "hi password=[redacted] user=ann"#,
        ),
    ]);
}

#[test]
fn json_stays_json() {
    check(&[
        (
            r#"{"password":"a b","user":"ann"}"#,
            r#"{"password":"[redacted]","user":"ann"}"#,
        ),
        (
            r#"{"level":"INFO","uri":"/cb?token=abc","authorization":"Bearer s3cr3t"}"#,
            r#"{"level":"INFO","uri":"/cb?token=[redacted]","authorization":"[redacted]"}"#,
        ),
        (
            r#"{"sessionId":"a","privateKey":"b","accessKey":"c","secretAccessKey":"d"}"#,
            r#"{"sessionId":"[redacted]","privateKey":"[redacted]","accessKey":"[redacted]","secretAccessKey":"[redacted]"}"#,
        ),
        (
            r#"{"token": 1234, "n": 1}"#,
            r#"{"token": "[redacted]", "n": 1}"#,
        ),
        (
            r#"{"token":{"a":["b, c"]},"n":1}"#,
            r#"{"token":"[redacted]","n":1}"#,
        ),
        (r#"{"token":null}"#, r#"{"token":"[redacted]"}"#),
        (
            r#"[{"token":-7.5},5,{"token":[1]},{"token":"a}"}]"#,
            r#"[{"token":"[redacted]"},5,{"token":"[redacted]"},{"token":"[redacted]"}]"#,
        ),
        (
            r#"{"a":"password=(x","b":"token='y","c":"cookie: a=b; c","d":"secret="}"#,
            r#"{"a":"password=[redacted]","b":"token='[redacted]","c":"cookie: [redacted]","d":"secret="}"#,
        ),
        (
            r#"{"a":["token"],"b":"the token","c":["token",5],"d":"token"}"#,
            r#"{"a":["token"],"b":"the token","c":["token","[redacted]"],"d":"token"}"#,
        ),
        (
            r#""body":"{\"token\":\"a\\\"b\",\"n\":1}""#,
            r#""body":"{\"token\":\"[redacted]\",\"n\":1}""#,
        ),
        (
            r#""body":"{\"token\":\"a\\\\\",\"n\":1}""#,
            r#""body":"{\"token\":\"[redacted]\",\"n\":1}""#,
        ),
        (
            r#""body":"{\"token\":7,\"n\":1}""#,
            r#""body":"{\"token\":\"[redacted]\",\"n\":1}""#,
        ),
        (
            r#"{"body":"{\"uri\":\"/?token=abc\",\"Authorization\": \"Bearer s3cr3t\"}","n":1}"#,
            r#"{"body":"{\"uri\":\"/?token=[redacted]\",\"Authorization\": \"[redacted]\"}","n":1}"#,
        ),
        (
            r#"{"msg":"he said \"token=a","dir":"C:\\","password":"a b"}"#,
            r#"{"msg":"he said \"token=[redacted]","dir":"C:\\","password":"[redacted]"}"#,
        ),
    ]);
}

#[test]
fn a_value_without_quotes_ends_at_a_blank_or_before_a_field() {
    check(&[
        ("access_token=abc&next=1", "access_token=[redacted]&next=1"),
        ("?token=abc&x=token", "?token=[redacted]&x=token"),
        ("a=1,password=x,b=2", "a=1,password=[redacted],b=2"),
        (
            "Foo { password: x, n: 1 }",
            "Foo { password: [redacted], n: 1 }",
        ),
        ("Foo { password: x}", "Foo { password: [redacted]}"),
        ("[(password=x), n=1]", "[(password=[redacted]), n=1]"),
        ("password=p@ss,w0rd n=1", "password=[redacted] n=1"),
        ("password=p&ss;w)r}d] n=1", "password=[redacted] n=1"),
        ("(password=p)ss;w) n=1", "(password=[redacted]) n=1"),
        ("(password=p], n=1)", "(password=[redacted], n=1)"),
        ("(passphrase=p} q), n=1", "(passphrase=[redacted]), n=1"),
        ("password: a,b=c n=1", "password: [redacted] n=1"),
        ("password=, user=ann", "password=, user=ann"),
    ]);
}

#[test]
fn brackets_are_hidden_with_all_that_is_in_them() {
    check(&[
        ("token=Some(\"a b\") n=1", "token=[redacted] n=1"),
        ("password={a: '}', b: s } n=1", "password=[redacted] n=1"),
        ("password={a: it's}, n=1", "password=[redacted], n=1"),
        (
            "password={a: \"}\", b: ) s } n=1",
            "password=[redacted] n=1",
        ),
        (
            "token: Token { value: \"a b\" }, n: 1",
            "token: [redacted], n: 1",
        ),
        ("tokens=[abc, def] n=1", "tokens=[redacted] n=1"),
        (
            r#"{"apiKeys":["a","b"],"passwords":"a b","n":1}"#,
            r#"{"apiKeys":"[redacted]","passwords":"[redacted]","n":1}"#,
        ),
        ("password=[never, ends", "password=[redacted]"),
    ]);
}

#[test]
fn other_separators_are_known() {
    check(&[
        (
            r#""password" => "hunter2", "n" => 1"#,
            r#""password" => "[redacted]", "n" => 1"#,
        ),
        ("password := x n", "password := [redacted] n"),
        ("password == x n", "password == [redacted] n"),
        ("password != x n", "password != [redacted] n"),
        ("password -> x n", "password -> [redacted] n"),
        ("password->x n", "password->[redacted] n"),
        ("user[password]=x&n=1", "user[password]=[redacted]&n=1"),
        (
            "user%5Bpassword%5D=x&n=1",
            "user%5Bpassword%5D=[redacted]&n=1",
        ),
        (
            "user%5bpassword%5d=x&n=1",
            "user%5bpassword%5d=[redacted]&n=1",
        ),
        ("token[]=x&token[]=y", "token[]=[redacted]"),
        (
            "?next=%2F%3Ftoken%3Dabc&n=1",
            "?next=%2F%3Ftoken%3D[redacted]&n=1",
        ),
        (
            "h[\"authorization\"] = \"Bearer x\" n",
            "h[\"authorization\"] = \"[redacted]\" n",
        ),
        (
            "[(\"authorization\", \"Bearer x\"), (\"n\", \"1\")]",
            "[(\"authorization\", \"[redacted]\"), (\"n\", \"1\")]",
        ),
        (
            "[(b'authorization', b'Bearer x'), (b'n', b'1')]",
            "[(b'authorization', b'[redacted]'), (b'n', b'1')]",
        ),
        ("[\"password\", \"x\"]", "[\"password\", \"[redacted]\"]"),
        (
            "[\"login\", \"--password\", \"x y\", \"ann\"]",
            "[\"login\", \"--password\", \"[redacted]\", \"ann\"]",
        ),
    ]);
}

#[test]
fn some_values_are_several_words() {
    check(&[
        (
            "authorization=Bearer abc n=1",
            "authorization=[redacted] n=1",
        ),
        (
            "Authorization: Bearer abc def\nn=1",
            "Authorization: [redacted]\nn=1",
        ),
        (
            "\"authorization\": \"Bearer abc\", n",
            "\"authorization\": \"[redacted]\", n",
        ),
        ("authorization=ApiKey s3cr3t", "authorization=[redacted]"),
        (
            "authorization=NTLM abc n=1\n",
            "authorization=[redacted] n=1\n",
        ),
        (
            "authorization=AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=deadbeef n=1",
            "authorization=[redacted] n=1",
        ),
        (
            "authorization=Digest username=\"a\", realm=\"b c\", response=\"d\" n=1",
            "authorization=[redacted] n=1",
        ),
        (
            "get{authorization=Bearer abc}: done",
            "get{authorization=[redacted]}: done",
        ),
        (
            "authorization=Bearer abc \x1b[3mn\x1b[0m\x1b[2m=\x1b[0m1",
            "authorization=[redacted] \x1b[3mn\x1b[0m\x1b[2m=\x1b[0m1",
        ),
        (
            "set-cookie: a=b; c=d\r\nn=1",
            "set-cookie: [redacted]\r\nn=1",
        ),
        ("cookie=a=b; c=d n=1", "cookie=[redacted] n=1"),
        ("cookie=a=b;c=x n=1", "cookie=[redacted] n=1"),
        (
            "passphrase=correct horse battery staple",
            "passphrase=[redacted]",
        ),
        (
            "passphrase=correct horse battery staple n=1",
            "passphrase=[redacted] n=1",
        ),
        ("passphrase: correct horse\nn", "passphrase: [redacted]\nn"),
        ("token=Bearer abc def", "token=[redacted] def"),
    ]);
}

#[test]
fn everything_else_is_left() {
    for text in [
        "",
        "no secret here\n",
        "the password is wrong\n",
        "password=\n",
        "password",
        "password:",
        "tokens=5 tokenize=1",
        "tokens=5",
        "token::new() failed",
        "passwords: 5",
        "\"token\"",
        "token \"abc\"",
        "token bucket refilled",
        "authorization ok",
        "token, secret and cookie",
        "unknown fields [\"user\", \"password\", \"n\"]",
        "{\"type\":\"token\",\"tokens\":5,\"msg\":\"no token\"}",
        "password=\"\" user=\"ann\"",
    ] {
        assert_eq!(hidden(text), text);
    }
    assert_eq!(hide(&Keys::new([""]), b"a=b"), None);
    assert_eq!(hide(&Keys::new(["_-"]), b"_=b"), None);
}

/// What the parser looks at; `t` is the key.
const SIGNS: &[u8] = b"\"'\\=: ;{}t\x1b[,)->";

fn is_hidden_soon(text: &[u8]) {
    let begin = Instant::now();
    hide(&Keys::new(["t"]), text);
    // It is a thousandth of that on any machine, unless the text is looked through again and again.
    let taken = begin.elapsed();
    assert!(
        taken < Duration::from_secs(20),
        "{taken:?}: {:?}",
        text.get(..16)
    );
}

#[test]
fn any_text_ends() {
    // Every short text of that.
    for number in 0..SIGNS.len().pow(4) {
        let mut text = [b't'; 6];
        let mut rest = number;
        for byte in &mut text[1..5] {
            *byte = SIGNS[rest % SIGNS.len()];
            rest /= SIGNS.len();
        }
        hide(&Keys::new(["t"]), &text);
        hide(&Keys::new(["t"]), &text[1..]);
    }
}

#[test]
fn time_goes_with_the_length() {
    for number in 0..SIGNS.len().pow(2) {
        let signs = [number / SIGNS.len(), number % SIGNS.len()].map(|digit| SIGNS[digit]);
        is_hidden_soon(&[b't', signs[0], signs[1]].repeat(1 << 13));
    }
    for piece in [
        "<t>",
        "<t>a",
        "'t: x ",
        "://t:",
        "%3a%2f%2fx%3a",
        "t%74 ",
        "basic YWFh ",
        "-----BEGIN PRIVATE",
        "-----BEGIN PRIVATE-----",
        " \"t=a",
        "t={'a",
        "t={\"a\":",
        "\"t\":{",
        "t=a,b",
        "t=[a]),",
        "authorization=a, ",
        "auth=a=",
        "response:\"",
        "eyJ.",
        "eyJhbGciOiJIUzI1NiJ9.a.b ",
    ] {
        is_hidden_soon(piece.repeat(1 << 13).as_bytes());
    }
    // Quotes within quotes, each with more backslashes.
    let nested: String = (0..500).map(|depth| "\\".repeat(depth) + "\" ").collect();
    is_hidden_soon(nested.as_bytes());
}

/// Whatever is odd in one record, the next is a line of its own.
#[test]
fn the_line_end_stays() {
    check(&[
        ("password=\"hunter2\n", "password=\"[redacted]\n"),
        ("token=(hunter2\n", "token=[redacted]\n"),
        ("token={ a: hunter2,\n", "token=[redacted]\n"),
        ("password=\n", "password=\n"),
        ("password=x\n\n", "password=[redacted]\n\n"),
    ]);
}

/// It is looked for by its last two letters first.
#[test]
fn a_key_is_found_whatever_its_letters() {
    for key in [
        "t", "to", "a_b", "t_", "-t", "x1", "é", "PassWord", "a-", "ß",
    ] {
        for value in ["v", "v w"] {
            for text in [format!("{key}={value}"), format!("my_{key}: {value}\n")] {
                let keys = Keys::new(["nothing", key]);
                let hidden = hide(&keys, text.as_bytes());
                let is_word = key.bytes().all(is_of_word);
                assert_eq!(hidden.is_some(), is_word, "{text}");
            }
        }
    }
    let keys = Keys::new(["token"]);
    for text in [
        "no key",
        "broken=1",
        "Token",
        "tokens=5",
        "en=1 n=2 _=3 -=4",
    ] {
        assert_eq!(hide(&keys, text.as_bytes()), None, "{text}");
    }
    for text in [
        "TOKEN=x",
        "to_ken_=x",
        "x-t-o-k-e-n: y",
        "tokens=[x]",
        "a.token = b",
    ] {
        assert!(hide(&keys, text.as_bytes()).is_some(), "{text}");
    }
}
