"""The one writer of a run directory.

Knows: the protocol that keeps a run classifiable whatever fails, step by step.
Does not know: what a contract demands, provenance, time.

Protocol (docs/FORMAT.md, "Writing a run"):

1. Stage: build `.new-<token>/` beside the final place: birth record (locked before anybody can see
   it), contract copy, unsealed manifest, ballast. Make it durable.
2. Publish: rename it to a name that must not exist; the next candidate when it is taken.
3. Log: one write per line; the number advances only after success.
4. Artifact: write under a temporary name while hashing, make durable, rename to a name that must not exist.
5. Seal: free the ballast, make the logs durable, write the seal that names the manifest to come,
   replace the manifest: that rename commits. A fault after it is no failure of the run.
"""

from __future__ import annotations

import contextlib
import functools
import os
import posixpath
from collections.abc import Callable, Iterable

from runpact.disk import io
from runpact.disk.appendlog import AppendLog
from runpact.disk.draft import Draft, write_draft
from runpact.disk.flushed import flush_files, flush_folder
from runpact.disk.hashed import create_anew, write_hashed
from runpact.disk.layout import PRIVATE, TEMPORARY, RunPaths, ancestors
from runpact.model.errors import ClosedRunError, StorageError, WriteOnceError
from runpact.model.facts import FileFact
from runpact.model.manifest import FileRecord, LogRecord


class RunWriter:
    """Holds the lock of one unsealed run and writes into it."""

    seals = True
    """Whether the run is this object's to seal."""

    def __init__(self, paths: RunPaths, lock: int, *, is_durable: bool) -> None:
        """Store the run's paths and the descriptor that holds its lock."""
        self.paths = paths
        self.directory = paths.directory
        self.is_durable = is_durable
        self._lock = lock
        self._pid = os.getpid()
        self._is_sealed = False
        self._is_name_flushed = False
        self._flushed: set[str] = set()
        self._leftovers: set[str] = set()
        self._unflushed: list[str] = []
        self._streams: list[int] = []
        self._made: list[str] = []
        self.events = AppendLog(paths.at(paths.records["events"]), paths.records["events"])
        self.metrics = AppendLog(paths.at(paths.records["metrics"]), paths.records["metrics"])

    @classmethod
    def create(cls, draft: Draft, parent: str, candidates: Iterable[str]) -> RunWriter:
        """Stage and publish a run (steps 1 and 2).

        Args:
            draft: The parts.
            parent: Directory that is to hold the run; made when missing.
            candidates: Ids to try, in order; the first free one wins.

        Raises:
            StorageError: The file system refused; nothing half-made is left visible.
        """
        final, lock = write_draft(draft, parent, candidates)
        writer = cls(RunPaths(final, draft.records), lock, is_durable=draft.is_durable)
        try:
            with contextlib.suppress(OSError):  # the run exists already: the commit tries again
                writer._flush_name()
        except BaseException:
            writer.close()
            raise
        return writer

    def _flush_name(self) -> None:
        """Make the name of the run's directory durable, once."""
        if self.is_durable and not self._is_name_flushed:
            io.sync_directory(posixpath.dirname(self.directory))
            self._is_name_flushed = True

    def event(self, fields: dict[str, object]) -> int:
        """Append to the event log (step 3); return the entry's number."""
        self._check_open()
        return self.events.append(fields)

    def points(self, time: float, step: float | None, values: dict[str, float]) -> None:
        """Append metric points (step 3)."""
        if self._lock < 0 or self._pid != os.getpid():
            self._check_open()
        self.metrics.append_point(time, step, values)

    def store(
        self, relative: str, chunks: Iterable[bytes], *, is_flushed: bool = True, replaces: bool = False
    ) -> FileRecord:
        """Write an artifact (step 4) and return its record.

        Args:
            relative: Its path in the run.
            chunks: Its content.
            is_flushed: Make it durable at once; otherwise that is done before the run is sealed.
            replaces: It takes the place of the file of that name.

        Raises:
            WriteOnceError: The name is taken.
            StorageError: Nothing was stored.
        """
        self._check_open()
        path = self.paths.at(relative)
        with io.storing(f"artifact `{relative}`", path):
            if not replaces and os.path.lexists(path):
                if path not in self._leftovers:
                    raise _taken(relative)
                io.remove_missing_ok(path)
            io.make_parents(posixpath.dirname(path), sync=self.is_durable)
            temporary = self._temporary_of(path)
            self._leftovers.add(temporary)
            is_synced = self.is_durable and is_flushed
            size, digest = write_hashed(self._create(temporary), temporary, chunks, sync=is_synced)
            self._publish_file(temporary, path, sync=is_synced, replaces=replaces)
        self._leftovers -= {temporary, path}
        if self.is_durable and not is_flushed:
            self._unflushed.append(relative)
        return FileRecord(relative, size, digest)

    def _temporary_of(self, path: str) -> str:
        return posixpath.join(
            posixpath.dirname(path), f"{TEMPORARY}{os.getpid()}-{posixpath.basename(path)}"[:250]
        )

    def _create(self, temporary: str) -> int:
        return create_anew(temporary)

    def _publish_file(self, temporary: str, path: str, *, sync: bool, replaces: bool) -> None:
        """Give an artifact its name; whatever is refused on the way, the name is free again."""
        try:
            io.publish_file(temporary, path, replaces=replaces)
        except FileExistsError:
            io.remove_quietly(temporary)
            raise _taken(posixpath.relpath(path, self.directory)) from None
        except BaseException:
            io.remove_quietly(temporary)
            raise
        if sync:
            try:
                io.sync_directory(posixpath.dirname(path))
                self._flush_name()
            except OSError:
                if not replaces:
                    self._take_back(path)
                raise

    def discard(self, relative: str) -> None:
        """Take back an artifact that was stored but not acknowledged, so that its name is free again."""
        self._take_back(self.paths.at(relative))

    def _take_back(self, path: str) -> None:
        """Remove a file, at the latest before the seal: none may stand that nobody acknowledged."""
        try:
            io.remove_missing_ok(path)
        except OSError:
            self._leftovers.add(path)

    def replace(self, relative: str, data: bytes) -> None:
        """Write or rewrite a file that the layout derives from the record."""
        self._check_open()
        path = self.paths.at(relative)
        temporary = io.temporary_of(path)
        with io.storing(f"`{relative}`", path):
            io.make_parents(posixpath.dirname(path), sync=self.is_durable)
            self._leftovers.add(temporary)
            io.replace_file(path, data, sync=self.is_durable)
        self._leftovers -= {temporary, path}
        self._flushed.add(relative)

    def make_room(self, relative: str) -> str:
        """Create the directories for a file somebody else will write; return its absolute path."""
        self._check_open()
        path = self.paths.at(relative)
        with io.storing(f"`{relative}`", path):
            io.make_parents(posixpath.dirname(path), sync=False)
        self._leftovers.discard(path)
        return path

    def make_folder(self, relative: str) -> None:
        """Create a directory of the layout, which may be there already."""
        self._check_open()
        path = self.paths.at(relative)
        with io.storing(f"`{relative}`", path):
            io.make_parents(path, sync=self.is_durable)

    def make_places(self, paths: Iterable[str]) -> None:
        """Create the run's directories outside its own, so that a fence can open them."""
        for path in paths:
            if not os.path.isdir(path):
                with io.storing("a place of the run", path):
                    io.make_parents(path, sync=False)
                self._made.append(path)

    def drop_empty_places(self) -> None:
        """Remove again what was made for the fence and stayed empty."""
        while self._made:
            io.remove_empty_quietly(self._made.pop())

    def open_stream(self, relative: str) -> Callable[[bytes], None]:
        """Create a file for a child's stream; return what appends to it, raising `OSError`."""
        path = self.make_room(relative)
        with io.storing(f"`{relative}`", path):
            descriptor = io.open_append(path)
        self._streams.append(descriptor)
        return functools.partial(io.write_all, descriptor)

    def adopt_logs(self, *, seconds: float = 10.0) -> bool:
        """Go on with the logs when other processes of the run may have written; from now on none of them may.

        Args:
            seconds: How long to wait for one that is stopped in the middle of a line.

        Returns:
            Whether any of them wrote.

        Raises:
            StorageError: One did not let go, so what it may still write is not known.
        """
        self._check_open()
        self.events.expect_others()  # first, so that nothing is sealed at a wrong size whatever fails here
        try:
            is_held = self.events.hold(seconds)
            self._clear_unpublished()
        finally:
            is_others = any([self.events.adopt(), self.metrics.adopt()])
        if not is_held:
            raise StorageError(
                "a process of the command is stopped while it writes into the run",
                at=self.directory,
                hint="end it; the run is sealed without what it was about to write",
            )
        return is_others

    def _clear_unpublished(self) -> None:
        """Remove artifacts that other processes did not finish; in this turn none of them begins another."""
        private = self.paths.at(PRIVATE)
        with io.storing("run directory", private):
            names = os.listdir(private)
        for name in names:
            if name.startswith(TEMPORARY):
                io.remove_quietly(posixpath.join(private, name))

    def free_ballast(self) -> None:
        """Give the reserve back, so that the last records fit on a full disk."""
        io.remove_quietly(self.paths.ballast)

    def check_logs(self) -> None:
        """Make sure that every acknowledged line, and what the command printed, still stands in the logs.

        Raises:
            StorageError: A program cut one of them, or removed it.
        """
        self.events.check_whole()
        self.metrics.check_whole()
        for descriptor in self._streams:
            with io.storing("log", self.directory):
                is_gone = os.fstat(descriptor).st_nlink == 0
            if is_gone:
                raise StorageError(
                    "a log of the command's output was removed while it was written",
                    at=self.directory,
                    hint="leave the folder of the logs to runpact",
                )

    def sync_logs(self) -> dict[str, LogRecord]:
        """Make the logs durable and return what the seal must say of them (step 5)."""
        logs = (("events", self.events), ("metrics", self.metrics))
        written = {name: log for name, log in logs if log.exists}
        records = {name: log.record() for name, log in written.items()}
        for log in written.values():
            if self.is_durable:
                log.sync()
        return records

    def flush(self, foreign: Iterable[FileFact]) -> None:
        """Make durable what others wrote into the run, with its names and those of the logs.

        Raises:
            StorageError: Something is not confirmed.
        """
        if not self.is_durable:
            return
        names = [
            fact
            for fact in foreign
            if fact.path not in self._flushed and not fact.path.startswith(f"{PRIVATE}/")
        ]
        waiting = [path for path in self._unflushed if os.path.lexists(self.paths.at(path))]
        files = [fact.path for fact in names if fact.kind == "file"] + waiting
        logs = [log.relative for log in (self.events, self.metrics) if log.exists]
        directories = {posixpath.dirname(path) for path in logs} - {PRIVATE}
        paths = (*(fact.path for fact in names), *waiting)
        directories |= {above for path in paths for above in ancestors(path)}
        with io.storing("files of the run", self.directory):
            flush_files(self.directory, files, directories)

    def flush_place(self, folder: str, root: str, facts: Iterable[FileFact]) -> None:
        """Make durable what stands in a directory that the run owns below `root`, with the way to it.

        Raises:
            StorageError: Something is not confirmed.
        """
        if self.is_durable:
            with io.storing("a place of the run", folder):
                flush_folder(folder, root, facts)

    def clear_leftovers(self) -> None:
        """Remove what refused calls left, so that it is not taken for a file of the run.

        Raises:
            StorageError: An earlier attempt to commit left something that cannot be removed.
        """
        while self._leftovers:
            io.remove_quietly(self._leftovers.pop())
        for path in (self.paths.seal, self.paths.manifest):
            with io.storing("seal", path):
                io.remove_missing_ok(io.temporary_of(path))

    def commit(self, manifest: bytes, seal: bytes) -> str | None:
        """Seal the run (step 5).

        Returns:
            None, or why the commit may not be durable although it is in place.

        Raises:
            StorageError: The run is not sealed.
        """
        try:
            io.replace_file(self.paths.seal, seal, sync=self.is_durable)
            io.replace_file(
                self.paths.manifest, manifest, sync=self.is_durable, after_rename=self._mark_sealed
            )
            self._flush_name()
        except OSError as error:
            if self._is_sealed:
                return f"sealed, but not confirmed durable: {os.strerror(error.errno or 0)}"
            raise io.storage_error("seal", self.paths.seal, error) from error
        return None

    def _mark_sealed(self) -> None:
        self._is_sealed = True

    def close(self) -> None:
        """Release the lock and the logs; a second call does nothing."""
        self.events.close()
        self.metrics.close()
        while self._streams:
            io.close_quietly(self._streams.pop())
        if self._lock >= 0:
            io.close_quietly(self._lock)
            self._lock = -1

    @property
    def is_open(self) -> bool:
        """Whether this process may still write."""
        return self._lock >= 0 and not self._is_sealed and self._pid == os.getpid()

    @property
    def is_own(self) -> bool:
        """Whether this process began to write, and is no forked child of that one."""
        return self._pid == os.getpid()

    def _check_open(self) -> None:
        if self._lock < 0 or self._is_sealed:
            raise ClosedRunError(
                "the run is sealed; nothing can be added to it",
                at=self.directory,
                hint="start another run, or do this before the `with` block ends",
            )
        if self._pid != os.getpid():
            raise ClosedRunError(
                "the run belongs to the parent process",
                at=self.directory,
                hint="return the values to the parent, or write a file below the run directory",
            )


def _taken(relative: str) -> WriteOnceError:
    return WriteOnceError(
        f"artifact `{relative}` exists already",
        at=relative,
        hint="artifacts are written once; save under another name, for instance with the step in it",
    )
