#!/bin/bash
# What the other tests in shell rest on: a crash, or a command that is not there, is no refusal.
. tests/tap.sh

no_refusal() { # STATUS: a command that says why and ends so
    ! refuses why sh -c "echo why; exit $1"
}
no_crash() {
    ! refuses why sh -c 'echo why; kill -SEGV $$'
}

check "a refusal is one" refuses why sh -c 'echo why; exit 2'
check "a refusal says why" eval '! refuses because sh -c "echo why; exit 2"'
check "what succeeds refuses nothing" no_refusal 0
check "a command that cannot run refuses nothing" no_refusal 126
check "a command that is not there refuses nothing" no_refusal 127
check "a crash is no refusal" no_crash
end
