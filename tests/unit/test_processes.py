"""Workers that are dead for sure, and those of whom only the lease can tell."""

import os
import subprocess
import sys

import pytest

from migrator.adapters.processes import is_gone, worker_name

NAMED = "from migrator.adapters.processes import worker_name; import sys; print(worker_name(), flush=True)"
WAITS = f"{NAMED}; sys.stdin.read()"

LINUX = pytest.mark.skipif(not os.path.exists("/proc/self/ns/pid"), reason="the system does not tell")  # noqa: PTH110


def parts(name):
    """Host, number, place, start and the rest of a worker's name."""
    host, number, token = name.split(":")
    return [host, number, *token.split(".")]


def name(host, number, where, start, rest):
    return f"{host}:{number}:{where}.{start}.{rest}"


@pytest.fixture
def another():
    """Another worker, alive; it ends when its input does."""
    command = [sys.executable, "-c", WAITS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def test_this_process_is_alive_and_called_differently_each_time():
    assert worker_name() != worker_name()
    assert not is_gone(worker_name())


@LINUX
def test_another_process_is_alive_until_it_ends(another):
    process, called = another
    assert not is_gone(called)
    process.stdin.close()
    process.wait()
    assert is_gone(called)


@LINUX
def test_a_process_that_was_given_the_number_of_a_dead_one_is_another_one(another):
    _, called = another
    host, number, where, start, rest = parts(called)
    assert is_gone(name(host, number, where, int(start) - 1, rest))


@LINUX
@pytest.mark.parametrize("place", ["0badc0de", ""], ids=["another container or boot", "a system that does not tell"])
def test_a_number_says_nothing_where_others_are_given(another, place):
    process, called = another
    process.stdin.close()
    process.wait()
    host, number, _, start, rest = parts(called)
    assert not is_gone(name(host, number, place, start, rest))


FOREIGN = ["elsewhere:1:0badc0de.1.abc", "host", "", ":::", f"{os.uname().nodename}:1:abcdef", "a:b:c"]


@pytest.mark.parametrize("called", FOREIGN)
def test_of_whoever_runs_elsewhere_only_the_lease_can_tell(called):
    assert not is_gone(called)
