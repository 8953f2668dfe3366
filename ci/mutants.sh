#!/usr/bin/env bash
# Shows that the models and tests can fail: each patch in ci/mutants takes one thing away that the ring
# needs, and the test that it names must then fail, with the message that it names. A mutant that does not
# compile, or whose test does not end, is not killed. `ci/mutants.sh NAME...` runs only some.
#
# A patch begins with why the thing is needed, and with two lines:
#     Killed by: loom_NAME          a model
#                tests/FILE.rs      an integration test of circular-core
#                src NAME           a test beside the code
#     With: REGEX                   what the failure must say
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source ci/progress.sh

# No test that is run here takes as long, unless it hangs.
readonly PATIENCE=180

target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
tree=$target/mutants/tree
log=$target/mutants/log
export CARGO_TARGET_DIR=$target/mutants/build
# It is the failing that is slow otherwise.
export RUST_BACKTRACE=0

# The checkout as it is, changes included, and nothing that was left by a run before.
rm -rf "$tree"
mkdir -p "$tree" "$log"
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do if [[ -f $file ]]; then printf '%s\0' "$file"; fi; done |
    tar --null --files-from=- -cf - | tar -xf - -C "$tree"

# apply PATCH [OPTIONS]: applies it in the tree, which is not a repository.
apply() {
    local patch=$1
    shift
    GIT_CEILING_DIRECTORIES=$target/mutants git -C "$tree" apply --whitespace=nowarn "$@" "$patch"
}

# run KILLER OPTIONS...: builds (with --no-run) or runs the test.
run() {
    local killer=$1
    shift
    case $killer in
    loom_*) RUSTFLAGS="--cfg loom" cargo test --quiet --release -p circular-core --lib "$@" -- "$killer" ;;
    tests/*) cargo test --quiet -p circular-core --test "$(basename "$killer" .rs)" "$@" ;;
    src\ *) cargo test --quiet -p circular-core --lib "$@" -- "${killer#src }" ;;
    *)
        echo "no such kind of test: $killer" >&2
        return 1
        ;;
    esac
}

survivors=()
survived() {
    progress_clear
    echo "SURVIVED $1: $2; see $log/$1"
    survivors+=("$1")
}

patches=(ci/mutants/*.patch)
if (($# > 0)); then patches=("${@/#/ci/mutants/}"); patches=("${patches[@]/%/.patch}"); fi
progress_begin "${#patches[@]}" mutants
for patch in "${patches[@]}"; do
    name=$(basename "$patch" .patch)
    progress_step "$name"
    killer=$(sed -n 's/^Killed by: //p' "$patch")
    message=$(sed -n 's/^With: //p' "$patch")
    if [[ -z $killer || -z $message ]]; then
        survived "$name" "the patch does not say what kills it, and with what message"
        continue
    fi
    if ! apply "$PWD/$patch" >"$log/$name" 2>&1; then
        survived "$name" "the patch does not apply to this code"
        continue
    fi
    if ! (cd "$tree" && run "$killer" --no-run) >"$log/$name" 2>&1; then
        survived "$name" "it does not compile"
    else
        status=0
        (cd "$tree" && export -f run && timeout "$PATIENCE" bash -c 'run "$1"' run "$killer") >"$log/$name" 2>&1 || status=$?
        if ((status == 0)); then
            survived "$name" "$killer passes"
        elif ((status == 124)); then
            survived "$name" "$killer does not end"
        elif ! grep -qE "$message" "$log/$name"; then
            survived "$name" "$killer fails, but not with '$message'"
        else
            progress_clear
            echo "killed $name, by $killer"
        fi
    fi
    apply "$PWD/$patch" --reverse
done
progress_clear

echo "${#patches[@]} mutants, ${#survivors[@]} survived"
((${#survivors[@]} == 0))
