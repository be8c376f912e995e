//go:build netns

package testbed

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// systemScript starts systemd as a container's: in namespaces and a control group
// of its own, on a copy of the root file system that nobody else sees. Of the
// kernel it may change nothing.
const systemScript = `set -e
group=/sys/fs/cgroup/unified; [ -e $group ] || group=/sys/fs/cgroup
group=$group/carrier-$$; mkdir $group; echo $$ >$group/cgroup.procs
exec unshare --mount --pid --fork --kill-child --cgroup --net --uts --ipc bash -ec '
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/up /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/up,workdir=/mnt/work /mnt/root
cd /mnt/root
for d in tmp run var/tmp dev sys/fs/cgroup; do mkdir -p $d; done
mount -t proc proc proc; mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs sys/fs/cgroup; mount -t cgroup2 cgroup2 sys/fs/cgroup
for d in tmp run var/tmp dev; do mount -t tmpfs tmpfs $d; done
mkdir dev/net dev/pts dev/shm run/lock
for n in null zero full random urandom tty; do touch dev/$n; mount --bind /dev/$n dev/$n; done
mknod -m 666 dev/net/tun c 10 200 # as udev does
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts; ln -s pts/ptmx dev/ptmx
mount --bind "$1" srv; mount -o remount,bind,ro srv
rm -rf etc/systemd/system/*
printf "[Unit]\nDescription=nothing but what the test starts\n" >etc/systemd/system/empty.target
ip link set lo up
mkdir run/old; pivot_root . run/old; umount -l run/old
export container=test
exec /lib/systemd/systemd --unit=empty.target --log-level=warning --show-status=no
' systemd "$1"`

// A system is a systemd of its own.
type system struct {
	t   testing.TB
	pid string // systemd's
}

// bootSystem starts systemd with the folder given at /srv.
func bootSystem(t *testing.T, srv string) *system {
	t.Helper()
	cmd := exec.Command("bash", "-c", systemScript, "systemd", srv)
	var said output
	said.grown = make(chan struct{})
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		group := filepath.Join("/sys/fs/cgroup/unified", "carrier-"+strconv.Itoa(cmd.Process.Pid))
		if _, err := os.Stat(filepath.Dir(group)); err != nil {
			group = filepath.Join("/sys/fs/cgroup", filepath.Base(group))
		}
		Until(t, "the last process of "+group+" is gone", func() bool {
			exec.Command("find", group, "-depth", "-type", "d", "-delete").Run()
			_, err := os.Stat(group)
			return err != nil
		})
	})
	s := &system{t: t}
	children := filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "task", strconv.Itoa(cmd.Process.Pid), "children")
	Until(t, "systemd runs", func() bool {
		b, err := os.ReadFile(children)
		if err != nil {
			t.Fatalf("%v; systemd said: %s", err, said.String())
		}
		s.pid = strings.TrimSpace(string(b))
		out, _ := s.try("systemctl", "is-system-running")
		return strings.TrimSpace(out) == "running"
	})
	return s
}

// in is the system for a part of the test.
func (s *system) in(t testing.TB) *system { return &system{t: t, pid: s.pid} }

// try runs a command in the system.
func (s *system) try(args ...string) (string, error) {
	ctx, stop := context.WithTimeout(context.Background(), Patience)
	defer stop()
	out, err := exec.CommandContext(ctx, "nsenter", append([]string{"-t", s.pid, "-m", "-p", "-n", "-i", "-u", "-C"}, args...)...).CombinedOutput()
	return string(out), err
}

func (s *system) run(args ...string) string {
	s.t.Helper()
	out, err := s.try(args...)
	if err != nil {
		status, _ := s.try("journalctl", "--boot", "--no-pager", "-n", "50")
		s.t.Fatalf("%s: %v\n%s\n%s", strings.Join(args, " "), err, out, status)
	}
	return out
}

// property is one of a unit's.
func (s *system) property(unit, name string) string {
	return strings.TrimSpace(s.run("systemctl", "show", "-P", name, unit))
}

// packed is a folder with the archive of this computer's kind.
func packed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("../dist/dist.sh", dir, "amd64").CombinedOutput(); err != nil {
		t.Fatalf("dist.sh: %v\n%s", err, out)
	}
	return dir
}

// install does with the archive at /srv what the manual says.
func (s *system) install() {
	s.t.Helper()
	s.run("bash", "-ec", "cd /srv && tar -xzf carrier-*-linux-amd64.tar.gz -C /root && /root/carrier-*/install.sh")
}

// The archive is unpacked, installed and started as the manual says: systemd
// hears that the services are ready, they run as their own users with no more
// than their capabilities, are reloaded, and are started again when they hang.
func TestServices(t *testing.T) {
	s := bootSystem(t, packed(t))
	s.install()
	s.run("bash", "-ec", `sed -i 's,^ports.*,ports = ["tcp://127.0.0.1:2001"],; /^speed/d' /etc/carrier/pac.toml`)
	for unit, caps := range map[string]string{"pac": "0000000000002000", "pns": "0000000000003000"} {
		s.run("systemctl", "start", unit)
		if got := s.property(unit, "ActiveState"); got != "active" {
			t.Errorf("%s is %s", unit, got)
		}
		pid := s.property(unit, "MainPID")
		status := s.run("cat", "/proc/"+pid+"/status")
		for _, line := range []string{"CapEff:\t" + caps, "CapBnd:\t" + caps, "NoNewPrivs:\t1", "Seccomp:\t2"} {
			if !strings.Contains(status, line+"\n") {
				t.Errorf("%s: no %q in\n%s", unit, line, status)
			}
		}
		if who := strings.TrimSpace(s.run("stat", "-c", "%U", "/proc/"+pid)); who != "carrier-"+unit {
			t.Errorf("%s runs as %s", unit, who)
		}
	}
	t.Run("a call", func(t *testing.T) {
		s := s.in(t)
		out := s.run("caller", "-port", "tcp://127.0.0.1:5600", "-user", "saran", "-password", "change me", "-ping", "2.1.1.60")
		if !strings.Contains(out, "2.1.1.129") {
			t.Errorf("the caller was not told her address:\n%s", out)
		}
	})
	t.Run("an operator who is not root", func(t *testing.T) {
		s := s.in(t)
		s.run("bash", "-ec", "useradd anna; usermod -aG carrier-pac anna; useradd bert")
		out, _ := s.try("runuser", "-u", "anna", "--", "pac", "doctor")
		if !strings.HasPrefix(out, "line courier/1: ") || !strings.Contains(out, "\n1 finding in ") { // the modem that is not there
			t.Errorf("the doctor says\n%s", out)
		}
		for _, command := range []string{"status", "lines out emulators/8", "lines in emulators/8"} {
			s.run(append([]string{"runuser", "-u", "anna", "--", "pac"}, strings.Fields(command)...)...)
		}
		if out, err := s.try("runuser", "-u", "bert", "--", "pac", "status", "--socket", "/run/carrier/pac/socket"); err == nil {
			t.Errorf("a stranger is told\n%s", out)
		}
	})
	t.Run("reload", func(t *testing.T) {
		s := s.in(t)
		pid := s.property("pns", "MainPID")
		s.run("systemctl", "reload", "pns")
		s.run("bash", "-ec", `echo 'panl = 1' >>/etc/carrier/pns.toml`)
		if out, err := s.try("systemctl", "reload", "pns"); err == nil {
			t.Errorf("a mistake was reloaded: %s", out)
		}
		if got := s.property("pns", "MainPID"); got != pid || s.property("pns", "ActiveState") != "active" {
			t.Errorf("process %s became %s", pid, got)
		}
	})
	t.Run("a program that hangs", func(t *testing.T) {
		s := s.in(t)
		s.run("bash", "-ec", `mkdir -p /run/systemd/system/pac.service.d
printf '[Service]\nWatchdogSec=2\nTimeoutAbortSec=1\n' >/run/systemd/system/pac.service.d/soon.conf
systemctl daemon-reload && systemctl restart pac`)
		pid := s.property("pac", "MainPID")
		s.run("kill", "-STOP", pid)
		Until(t, "pac is started again", func() bool {
			now := s.property("pac", "MainPID")
			return now != pid && now != "0" && s.property("pac", "ActiveState") == "active"
		})
		if got := s.property("pac", "NRestarts"); got != "1" {
			t.Errorf("%s restarts", got)
		}
	})
}

// What systemd itself thinks of the units, from 0 (safe) to 10.
func TestUnitsAreHardened(t *testing.T) {
	for _, unit := range []string{"pac", "pns"} {
		out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", "../systemd/"+unit+".service").CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}
