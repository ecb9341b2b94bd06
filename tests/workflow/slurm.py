"""A Slurm of one machine, to test with: Debian's slurmctld, slurmd and munged, brought up and taken down again."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

CONFIG = Path("/etc/slurm/slurm.conf")  # where Snakemake's executor has it read from, whatever SLURM_CONF says
MARK = "# Written by the tests of pixels-or-codes, which remove it.\n"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")


def why_not() -> str | None:
    """Why no Slurm can be brought up here, if so."""
    if os.geteuid():
        return "a Slurm of its own needs root"
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"no {', '.join(missing)} (Debian: apt-get install slurmctld slurmd slurm-client munge)"
    if CONFIG.exists() and not CONFIG.read_text().startswith(MARK):
        return f"this machine has a Slurm of its own ({CONFIG})"
    return None


class Slurm:
    """Nodes that are all this machine, and that claim to have more cores than it may have."""

    def __init__(self, folder: Path, *, n_nodes: int = 1, cpus: int = 4):
        self.folder = folder
        host = socket.gethostname().partition(".")[0]
        self.nodes = [f"node{i}" for i in range(1, n_nodes + 1)]
        ports = [17000 + i for i in range(n_nodes)]
        for name in ("state", *self.nodes):
            (folder / name).mkdir(parents=True)
        lines = [
            "ClusterName=test",
            f"SlurmctldHost={host}",
            "SlurmUser=root",
            "SlurmdUser=root",
            "AuthType=auth/munge",
            "CryptoType=crypto/munge",
            "MpiDefault=none",
            "ProctrackType=proctrack/linuxproc",
            "TaskPlugin=task/none",
            "SelectType=select/cons_tres",
            "SelectTypeParameters=CR_Core_Memory",
            "AccountingStorageType=accounting_storage/none",
            # A job that takes more memory than it asked for is killed, as control groups would do it.
            "JobAcctGatherType=jobacct_gather/linux",
            "JobAcctGatherFrequency=1",
            "JobAcctGatherParams=OverMemoryKill",
            "MinJobAge=900",
            "KillWait=2",
            "SchedulerParameters=sched_min_interval=0,batch_sched_delay=0",
            "SlurmdParameters=config_overrides",
            f"StateSaveLocation={folder}/state",
            f"SlurmctldPidFile={folder}/slurmctld.pid",
            f"SlurmctldLogFile={folder}/slurmctld.log",
            f"SlurmdSpoolDir={folder}/%n",
            f"SlurmdPidFile={folder}/%n.pid",
            f"SlurmdLogFile={folder}/%n.log",
            *(
                f"NodeName={node} NodeHostname={host} Port={port} CPUs={cpus} RealMemory=20000 State=UNKNOWN"
                for node, port in zip(self.nodes, ports, strict=True)
            ),
            "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
        ]
        self.config = MARK + "".join(f"{line}\n" for line in lines)
        self.daemons: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> "Slurm":
        CONFIG.parent.mkdir(exist_ok=True)
        CONFIG.write_text(self.config)
        try:
            munge = Path("/run/munge")
            munge.mkdir(exist_ok=True)
            shutil.chown(munge, "munge")
            if (
                not (munge / "munge.socket.2").exists()
                or subprocess.run(["munge", "-n"], capture_output=True).returncode
            ):
                self._start("munged", "--foreground", "--force", user="munge")
            self._start("slurmctld", "-D", "-c")
            for node in self.nodes:
                self.start_node(node)
            self._wait_for_nodes()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["scancel", "--user=root"], capture_output=True, check=False)
        for process in reversed(self.daemons.values()):
            process.terminate()
            process.wait(30)
        CONFIG.unlink()

    def _start(self, name: str, *options: str, user: str | None = None) -> None:
        with (self.folder / f"{Path(name).name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen([name.split()[0], *options], stdout=out, stderr=out, user=user)

    def start_node(self, node: str) -> None:
        self._start(f"slurmd {node}", "-D", "-N", node)

    def kill_node(self, node: str) -> None:
        """As if the machine's Slurm crashed: the jobs go on."""
        process = self.daemons.pop(f"slurmd {node}")
        process.kill()
        process.wait()

    def _wait_for_nodes(self) -> None:
        for _ in range(300):
            idle = subprocess.run(
                ["sinfo", "-h", "-t", "idle", "-o", "%D"], capture_output=True, text=True, check=False
            )
            if idle.stdout.strip() == str(len(self.nodes)):
                return
            time.sleep(0.1)
        logs = [path.read_text()[-2000:] for path in self.folder.glob("*.log")]
        raise RuntimeError("Slurm does not come up:\n" + "\n".join(logs))

    def jobs(self, rule: str) -> list[str]:
        """The numbers of the running jobs of a rule, or of a group of rules."""
        lines = subprocess.run(
            ["squeue", "-h", "-t", "R", "-o", "%i %k"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        return [line.split()[0] for line in lines if rule in line.partition(" ")[2]]
