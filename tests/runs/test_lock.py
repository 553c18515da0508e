"""Two runs never write to one workspace at the same time."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from coordlib.errors import StoreError, WorkspaceLockedError
from coordlib.files import workspace_lock

HOLDER = """
import sys
from coordlib.files import workspace_lock
with workspace_lock(sys.argv[1], "coordlib monitor"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the workspace until it is told to stop."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_at_once_and_told_who_is_there(tmp_path: Path, holder: subprocess.Popen[str]):
    with (
        pytest.raises(WorkspaceLockedError, match=rf"coordlib monitor.*process {holder.pid}"),
        workspace_lock(tmp_path),
    ):
        pass


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path, holder: subprocess.Popen[str]):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with workspace_lock(tmp_path):
        pass


def test_the_lock_is_free_again_after_a_failure(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), workspace_lock(tmp_path):
        _ = 1 / 0
    with workspace_lock(tmp_path):
        pass


def test_two_workspaces_do_not_wait_for_each_other(tmp_path: Path):
    with workspace_lock(tmp_path / "a"), workspace_lock(tmp_path / "b"):
        pass


def test_a_workspace_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(StoreError, match=r"mine: cannot be written to \(it is a file\); name a workspace"):
        workspace_lock(tmp_path / "mine").__enter__()

    def read_only(lock: FileLock) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(FileLock, "acquire", read_only)
    with pytest.raises(StoreError, match=r"w: cannot be written to \(Read-only file system\)"):
        workspace_lock(tmp_path / "w").__enter__()
