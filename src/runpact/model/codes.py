"""Every code a finding can have.

Knows: what each code means and how much it weighs unless a contract says otherwise.
Does not know: where it is used.
"""

from __future__ import annotations

import msgspec

from runpact.model.finding import Severity


class Code(msgspec.Struct, frozen=True):
    """One sort of fault."""

    severity: Severity
    """The default; a rule's own severity comes before it."""
    meaning: str
    group: str
    """Heading in the reference."""


def _codes(group: str, severity: Severity, **meanings: str) -> dict[str, Code]:
    return {name.replace("_", "-"): Code(severity, meaning, group) for name, meaning in meanings.items()}


CODES: dict[str, Code] = {
    **_codes(
        "Presence",
        Severity.INCOMPLETE,
        missing="A required file or directory is not there, or a required pattern matches nothing.",
        missing_array="An array file lacks an array that it must have.",
        missing_column="A table lacks a column that it must have.",
        missing_section="A text lacks a section, or has it at another place.",
        gap="A number is missing in the names of a pattern's files.",
        not_listed="An inventory leaves out a file that it must list.",
        too_few="A pattern matches fewer files than its count demands.",
    ),
    **_codes(
        "Presence",
        Severity.ERROR,
        too_many="A pattern matches more files than its count allows.",
        forbidden="A file stands where the contract forbids one.",
        wrong_sort="A file stands where a directory should, or the other way round.",
        unexpected="No entry names the file, and the kind's `others` is `refused` or `advised` (advice).",
        special_file="A pipe, socket or device stands in the run; it is never opened.",
        undecodable_name="A file's name is not UTF-8; records name it with `\\xNN` for its bytes.",
        stray="A directory stands where runs of a kind stand, and no kind can read its name.",
        external_files="An import linked to files outside, which are judged where they stand (advice).",
        escaping_link="A symbolic link leads out of the run; it is never followed.",
        unreadable="A file or directory cannot be opened, listed or read.",
    ),
    **_codes(
        "Content",
        Severity.ERROR,
        schema="A document is not what its JSON Schema says.",
        dtype="The values of an array have another type.",
        shape="An array has another shape.",
        values="The values of an array are not what they must be.",
        object_array="An array holds Python objects, which execute when they are read.",
        extra_array="An array file holds an array that its contract does not name.",
        not_arrays="A file is no array file by its name.",
        cell="A cell of a table is not what its column demands.",
        extra_column="A table has a column that its contract does not name.",
        line="A line of a text is missing, forbidden, or not like it must be.",
        size="A file is not as large as it must be.",
        not_canonical="The bytes of a document are not canonical JSON.",
        checksum_line="A line of a checksum file is no digest and path.",
        inventory="An inventory is no list of paths and digests, or an item of it is none.",
        duplicate="An inventory lists a file twice.",
        order="Items do not stand in the order they must.",
        too_much_listed="A closed inventory lists a file that it must not.",
        state="A document's state is none of the kind's, or its reason does not fit.",
        transition="A history takes a step that no move allows.",
        match="An item of a one-to-one match has no partner, or the wrong one.",
        validator="A validator written in Python found a fault.",
        format="A file's format is not allowed where it stands, by name or by content.",
        duplicate_key="A mapping of a document has the same key twice.",
        invalid_json="A file is not strict JSON: syntax, encoding, NaN, numbers beyond a double.",
        invalid_jsonl="A line is not strict JSON, or is blank.",
        invalid_yaml="A file is not YAML of the subset: syntax, tags, merge keys, several documents.",
        invalid_toml="A file is not TOML.",
        invalid_csv="A file is no table: no header, ragged rows, NUL bytes, another encoding.",
        invalid_npz="A file holds no arrays, or an array's header does not agree with its bytes.",
        invalid_torch="An archive is no checkpoint.",
        invalid_safetensors="A header is malformed, or its tensors do not fill the file.",
        invalid_onnx="A model's outer fields are malformed, or it holds no graph.",
        invalid_parquet="A footer is malformed or cut off.",
        invalid_hdf5="The library of HDF5 cannot read the file, or crashes on it.",
        invalid_sqlite="A database is damaged, or its schema cannot be read.",
        invalid_image="The header of a PNG, JPEG, GIF, WebP or TIFF is malformed or cut off.",
        invalid_sound="The header of a WAV is malformed, or its samples are cut off.",
        invalid_zip="An archive is damaged or unusual.",
        invalid_text="A file is not UTF-8 text.",
        zip_bomb="An archive claims more than it can hold.",
        too_deep="A document is nested more than 64 levels.",
        too_large="A document passes the limit of bytes or values.",
        not_finite="A document holds NaN or Infinity.",
        lone_surrogate="A text holds half a surrogate pair.",
        key_not_text="A mapping has a key that is not text.",
        not_a_document="Files of this format cannot be read as documents.",
    ),
    **_codes(
        "Stages",
        Severity.ERROR,
        contradiction="What a stage's program said of itself is not what was measured.",
        malformed_claim="The summary that a program left of itself cannot be read, or says no status.",
        no_summary="A program whose exit codes are verdicts left no summary of itself.",
        not_believed="An exit code from 1 to 3 without a summary that agrees: interpreters use them too.",
        foreign_exit_code="A program whose exit codes are verdicts ended with one that is none.",
        failed_command="A program ended with another exit code than 0.",
        ended_by_signal="A signal ended a stage's program.",
        timed_out="A stage's program was stopped because its time was over.",
        stopped="A stage's program was stopped together with runpact.",
        log_lost="What a program printed could not be stored.",
        undeclared_input="A stage opened a file of another stage that it does not declare to read.",
    ),
    **_codes(
        "Stages",
        Severity.INCOMPLETE,
        not_begun="A stage's program was not started.",
        not_run="A stage that was asked for has not run.",
        missing_artifact="What a stage reads is not there, or has not been made.",
        stale_artifact="What a stage reads was made from something that has changed since.",
        invalid_artifact="What a stage reads is not what its producer recorded, or not what its type says.",
        ambiguous_artifact="Several places are named for what a stage reads.",
    ),
    **_codes(
        "Stages",
        Severity.WARNING,
        claimed="The program itself says that something is wrong; INCOMPLETE and ERROR when it says so.",
        inputs_failed="The program could not use some of its inputs.",
        bypassed_alias="A stage opened what it reads by the directory of another stage, not by its alias.",
        legacy_artifact="What a stage reads comes from a legacy folder.",
        stale="A stage's last attempt read what is no longer the latest.",
        view_differs="The manifest of an experiment says otherwise than the records of its stages.",
    ),
    **_codes("Rules", Severity.ERROR, rule="A rule of the contract does not hold."),
    **_codes(
        "Rules",
        Severity.INCOMPLETE,
        undecided="A rule or condition has no answer, because something it needs is missing or unfit.",
        no_reader="Files of this format can be looked into only with a library that is not installed.",
    ),
    **_codes(
        "Rules",
        Severity.ADVICE,
        vacuous="A rule had nothing to judge; `--strict` makes it incomplete.",
        legacy_name="A file stands under a legacy name that this version of the contract still reads.",
        bare_contract="The contract has no entries and no rules: judged by runpact's own records alone.",
    ),
    **_codes(
        "Records",
        Severity.ERROR,
        missing_file="A file that the sealed record names is gone.",
        added_file="A file stands in a sealed run that its record does not name.",
        digest_mismatch="A file is not the one whose digest was recorded.",
        damaged_record="One of runpact's own records cannot be read or contradicts another.",
        corrupt="The records do not allow to say where the run stands.",
    ),
    **_codes(
        "Records",
        Severity.WARNING,
        left_running="A process that the command had started still ran when the command had ended.",
        stray_write="Something outside the run was written, or changed, while the run was open.",
        input_changed="An input changed while it was hashed, or between its record and the seal.",
    ),
    **_codes(
        "Records",
        Severity.INCOMPLETE,
        not_sealed="The run was never sealed, or is still running.",
        place_not_here="The run was moved without a directory that it owns, whose files were sealed with it.",
    ),
    **_codes(
        "Records",
        Severity.ADVICE,
        perhaps_refused="A stage's program printed that something was refused to it, perhaps by the fence.",
        renamed="The directory has another name than the run.",
        judged_by_own_copy="The run was judged by its own copy of the contract.",
    ),
    **_codes(
        "Ledger",
        Severity.ERROR,
        registered_gone="What the ledger says is registered is gone, or cannot be read.",
        ledger_damaged="A line of the ledger is no entry, or does not follow the one before it.",
        ledger_differs="A ledger or a proof is not the one that a known head was taken of.",
    ),
    **_codes(
        "Repository",
        Severity.ERROR,
        checkpoint_kept="A model's weights stand among curated copies or in the index of git.",
        log_kept="An event log stands among curated copies or in the index of git.",
        evidence_too_large="A file among curated copies or in the index of git is larger than allowed.",
    ),
    **_codes("Repository", Severity.WARNING, not_versioned="The workspace is in no repository of git."),
    **_codes(
        "Ledger",
        Severity.WARNING,
        ledger_unknown="The ledger does not know a model or a data set, or says that it was removed.",
        ledger_torn="The ledger ends in the middle of a line; the next entry cuts it off.",
        head_unknown="A proof holds for its own head, which nobody vouches for.",
    ),
    **_codes(
        "Ledger",
        Severity.INCOMPLETE,
        ledger_empty="There is no ledger, or nothing in it.",
        registry_empty="A registry that is to be verified holds nothing.",
    ),
    **_codes(
        "Workspace",
        Severity.INCOMPLETE,
        interrupted_run="The process of a run ended without sealing it.",
    ),
    **_codes(
        "Workspace",
        Severity.WARNING,
        abandoned_creation="The creation of a run was never completed.",
        shared_uid="Several directories say that they are one run: one of them is a copy.",
        orphan_process="A process lives on after the one that was to seal its run ended.",
        leftover="A writer that ended too early left a file that nothing reads.",
        no_index="No index can be kept; questions are answered all the same, and slowly.",
        index_damaged="The index does not say what the directories say.",
        view_damaged="A file of a registry view is not what runpact wrote.",
        latest_behind="A latest copy or link is not the one of the newest finished run.",
        runs_not_ignored="Git does not ignore a place of runs.",
        promotion_ignored="Git ignores a place of promoted copies, which are to be committed.",
        tracked_run="Git tracks files of runs.",
        large_file="A large file is staged, or is neither ignored nor tracked.",
    ),
    **_codes(
        "Code",
        Severity.ERROR,
        layer_import="A file imports one of a layer above its own, or of another part of a layer kept apart.",
        broad_except="Library code catches every exception, or other code does so and raises none again.",
    ),
    **_codes(
        "Code",
        Severity.WARNING,
        current_directory="Library code asks for the current directory, which need not be the workspace's.",
    ),
    **_codes(
        "Workspace",
        Severity.ADVICE,
        elsewhere="A run is not sealed, and its process belongs to another host.",
        notes_without_run="Tags and notes were kept of a run that is not in the workspace.",
        set_aside="Something was moved out of the way, and waits to be taken back or removed.",
    ),
}
"""Meaning and default severity by code."""


def findings_page() -> str:
    """Return `docs/findings.md`, the reference of all codes."""
    lines = [_INTRODUCTION]
    for group in dict.fromkeys(code.group for code in CODES.values()):
        lines += [f"\n## {group}\n", "| code | severity | meaning |", "|---|---|---|"]
        rows = sorted(item for item in CODES.items() if item[1].group == group)
        lines += [f"| `{name}` | {code.severity.value} | {code.meaning} |" for name, code in rows]
    return "\n".join(lines) + "\n"


_INTRODUCTION = """# Findings

Every fault that `runpact check`, `runpact verify` and `runpact doctor` report has one of these codes. The
severity is the default; `error`, `incomplete` and `warning` change the verdict, `advice` never does. A
finding with `because` follows from another one and is not counted again.

This page is generated from `runpact.model.codes`."""
