"""What Snakemake prints of its jobs, in lines of readable length."""

import logging
from typing import Any

MOST_FILES = 5  # of a longer list, the first three are shown
LISTS_OF_FILES = ("Missing output files: ", "Incomplete output files: ", "Updated input files: ", "Input files updated")


class JobLog(logging.Filter):
    """A filter of Snakemake's logger, which shortens lists of files.

    In a dry run the table of jobs comes once, below the jobs, with the number of submissions to a cluster.

    Parameters
    ----------
    workflow
        Snakemake's. What it is to do is known after the rules are read.
    """

    def __init__(self, workflow: Any):
        super().__init__()
        self.workflow = workflow
        self.n_jobs = 0
        self.n_submissions = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record; False if it is to be dropped."""
        for name in ("input", "output"):
            if files := getattr(record, name, None):
                setattr(record, name, shorten_list(files))
        if reason := getattr(record, "reason", None):
            record.reason = shorten_reason(reason)
        event = str(getattr(record, "event", ""))
        if event == "job_info":
            self.n_jobs += 1
            self.n_submissions += self._is_submitted(record)
        elif event == "group_info":
            self.n_submissions += 1
        elif event == "run_info" and self.workflow.dryrun:
            if self.workflow.nodes is not None:  # `jobs` of the profile for a cluster
                record.msg += f"\n{self.n_submissions} submissions to the cluster (a group of jobs is one)\n"
            return self.n_jobs > 0
        return True

    def _is_submitted(self, record: Any) -> bool:
        """Whether a job is submitted by itself: not in its group, not where Snakemake runs, not for its input only."""
        return bool(record.shellcmd) and not record.indent and record.rule_name not in self.workflow._localrules


def shorten_list(files: list[str]) -> list[str]:
    """The first files of a long list, and how many more there are.

    Examples
    --------
    >>> shorten_list([f"seed{seed}.h5" for seed in range(10)])
    ['seed0.h5', 'seed1.h5', 'seed2.h5', 'and 7 more']
    """
    return files if len(files) <= MOST_FILES else [*files[:3], f"and {len(files) - 3} more"]


def shorten_reason(reason: str) -> str:
    """Why a job runs, with few files, and with changed params in fewer words than Snakemake's.

    Examples
    --------
    >>> shorten_reason("Missing output files: a, b, c, d, e, f; Code has changed since last execution")
    'Missing output files: a, b, c, and 3 more; Code has changed since last execution'
    """
    parts = []
    for part in reason.split("; "):
        if part.startswith(LISTS_OF_FILES):
            title, _, files = part.partition(": ")
            part = f"{title}: {', '.join(shorten_list(files.split(', ')))}"
        parts.append(part.replace("Union of exclusive params before and now across all output: ", ""))
    return "; ".join(parts)
