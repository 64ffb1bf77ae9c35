package fsx

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// strangerAge is how long after its last write a file of a writer on another machine is left alone.
const strangerAge = time.Hour

// A process is the meaning of a writer's digits. Each field has eight.
type process struct{ machine, pid, start uint32 }

// thisProcess returns the identity of this process. start distinguishes it from an earlier process with the
// same number.
var thisProcess = sync.OnceValue(func() process {
	var start [4]byte
	rand.Read(start[:]) // never fails: crypto/rand
	return process{machine(), uint32(os.Getpid()), binary.LittleEndian.Uint32(start[:])}
})

// machine returns a number for the set of processes within which process numbers are unique: those of a machine since it booted, or
// of a container on it.
func machine() uint32 {
	host, _ := os.Hostname()                                  // an unknown value distinguishes nothing
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // Linux
	namespace, _ := os.Readlink("/proc/self/ns/pid")          // Linux
	return crc32.ChecksumIEEE(fmt.Appendf(nil, "%q %q %q", host, boot, namespace))
}

// Writer implements [Witness].
func (OS) Writer() string {
	p := thisProcess()
	return fmt.Sprintf("%08x%08x%08x", p.machine, p.pid, p.start)
}

// Runs implements [Witness].
func (OS) Runs(writer string, modTime time.Time) bool {
	p, ok := parseWriter(writer)
	this := thisProcess()
	switch {
	case !ok || p.machine != this.machine:
		return time.Since(modTime) < strangerAge
	case p.pid == this.pid:
		return p.start == this.start
	}
	other, err := os.FindProcess(int(p.pid))
	if err != nil {
		return false
	}
	defer other.Release()
	return !errors.Is(other.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

func parseWriter(digits string) (p process, ok bool) {
	if len(digits) != writerLen {
		return process{}, false
	}
	for i, field := range []*uint32{&p.machine, &p.pid, &p.start} {
		n, err := strconv.ParseUint(digits[8*i:][:8], 16, 32)
		if err != nil {
			return process{}, false
		}
		*field = uint32(n)
	}
	return p, true
}
