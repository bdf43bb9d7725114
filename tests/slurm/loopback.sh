# Slurm on this machine's loopback, for a test that sources this file: its controller, three nodes of two processors,
# and munge, all of the user who runs it, without systemd and cgroups. Everything they write is in one folder.
#
#   slurm_up FOLDER   a new folder; afterwards sbatch and its like talk to this cluster
#   slurm_down        ends the cluster, its jobs, and what they left running
#
# The folder's parent is the test's own, with all its files; nothing else is ended. Needs Debian's slurm-wlm and munge.
# Whoever sources this sets a trap that calls slurm_down.
slurm_folder='' slurm_daemons=()

slurm_fail() {
  echo "slurm: $*" >&2
  [[ -z $slurm_folder ]] || tail -n 5 "$slurm_folder"/*.log >&2
  exit 1
}

# within SECONDS COMMAND...: until the command succeeds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# Nobody answers at these ports of the loopback.
are_free() {
  local port
  for port; do if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 1; fi; done
}

slurm_configuration() {  # FIRST_PORT
  local host user
  host=$(hostname -s) user=$(id -un)
  cat <<END
ClusterName=test
# Who runs what, and where: all on this machine, under one user's name.
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$1
SlurmUser=$user
SlurmdUser=$user
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=$(($1 + 1))-$(($1 + 3)) CPUs=2 RealMemory=4000
PartitionName=test Nodes=ALL Default=YES State=UP
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# Nothing that needs root or another service. A requeued job waits until its credential has ended.
AuthInfo=socket=$slurm_folder/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
MailProg=/bin/true
# Where they write.
StateSaveLocation=$slurm_folder/controller
SlurmdSpoolDir=$slurm_folder/%n
SlurmctldPidFile=$slurm_folder/controller.pid
SlurmdPidFile=$slurm_folder/%n.pid
SlurmctldLogFile=$slurm_folder/controller.log
SlurmdLogFile=$slurm_folder/%n.log
# A test does not wait as long as a cluster may.
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
KillWait=2
SlurmdTimeout=30
ReturnToService=2
END
}

# slurm_daemon NAME COMMAND...
slurm_daemon() {
  local name=$1
  shift
  "$@" </dev/null >>"$slurm_folder/$name.log" 2>&1 &
  slurm_daemons+=($!)
}

all_nodes_are_idle() { [[ $(sinfo --noheader --Node --states=idle | wc -l) -eq 3 ]]; }
no_jobs() { [[ -z $(squeue --noheader) ]]; }
none_runs() { local pid; for pid; do if kill -0 "$pid" 2>/dev/null; then return 1; fi; done; }

slurm_up() {
  local port=$((20000 + RANDOM % 10000)) node
  slurm_folder=$1
  mkdir -p "$slurm_folder"/{controller,n1,n2,n3}
  chmod go=rx "$slurm_folder" && chmod go+x "$(dirname "$slurm_folder")"  # munged: reached by all, written by none
  until are_free $port $((port + 1)) $((port + 2)) $((port + 3)); do port=$((port + 4)); done
  slurm_configuration $port >"$slurm_folder/slurm.conf"
  export SLURM_CONF=$slurm_folder/slurm.conf

  (umask 077 && head -c 128 /dev/urandom >"$slurm_folder/munge.key")
  slurm_daemon munged munged --foreground --key-file="$slurm_folder/munge.key" --socket="$slurm_folder/munge.socket" \
    --pid-file="$slurm_folder/munged.pid" --seed-file="$slurm_folder/munge.seed" --log-file="$slurm_folder/munged.log"
  within 10 munge --socket="$slurm_folder/munge.socket" --no-input || slurm_fail "munged does not answer"
  slurm_daemon controller slurmctld -D
  for node in n1 n2 n3; do slurm_daemon $node slurmd -D -N $node; done
  within 30 all_nodes_are_idle || slurm_fail "the nodes do not come up"
}

# Processes that have a file below the folder's parent open or work there: tasks, and what watches over them.
left_behind() {
  local process around
  around=$(dirname "$slurm_folder")/
  for process in /proc/[0-9]*; do
    if [[ ${process#/proc/} != "$$" ]] &&
       readlink "$process/cwd" "$process"/fd/* 2>/dev/null | grep -qF "$around"; then
      echo "${process#/proc/}"
    fi
  done
}

slurm_down() {
  local pid
  [[ -n $slurm_folder ]] || return 0
  scancel --quiet --user="$(id -un)" 2>/dev/null || true
  within 10 no_jobs || true
  for pid in ${slurm_daemons[@]+"${slurm_daemons[@]}"}; do kill "$pid" 2>/dev/null || true; done
  within 10 none_runs ${slurm_daemons[@]+"${slurm_daemons[@]}"} || true
  for pid in $(left_behind); do kill -KILL "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  slurm_folder='' slurm_daemons=()
}
