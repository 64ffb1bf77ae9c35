package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Measurements of this process from Linux's /proc. On other systems they are 0, and the report omits them.

// resident returns the size of the process's resident set in bytes.
func resident() int64 { return statusField("VmRSS") }

// peakResident returns the largest resident set since resetPeak.
func peakResident() int64 { return statusField("VmHWM") }

func resetPeak() {
	if f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0); err == nil {
		f.WriteString("5")
		f.Close()
	}
}

func statusField(name string) int64 {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

// An ioCount counts the bytes of system calls.
type ioCount struct{ read, written int64 }

func countIO() (c ioCount) {
	b, _ := os.ReadFile("/proc/self/io")
	for line := range strings.Lines(string(b)) {
		fmt.Sscanf(line, "rchar: %d", &c.read)
		fmt.Sscanf(line, "wchar: %d", &c.written)
	}
	return c
}

// describeMachine returns one line on the processor, the memory and the system.
func describeMachine() string {
	model := runtime.GOARCH
	var memory int64
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		for in := bufio.NewScanner(f); in.Scan(); {
			if _, name, ok := strings.Cut(in.Text(), ":"); ok && strings.HasPrefix(in.Text(), "model name") {
				model = strings.TrimSpace(name)
				break
			}
		}
		f.Close()
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		fmt.Sscanf(string(b), "MemTotal: %d kB", &memory)
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, %d processors, %d GiB, %s %s, %s", model, runtime.NumCPU(), (memory+1<<19)>>20, runtime.GOOS,
		strings.TrimSpace(string(kernel)), runtime.Version())
}

// load returns the system's load averages, "" if they are unknown.
func load() string {
	b, _ := os.ReadFile("/proc/loadavg")
	averages := strings.Fields(string(b))
	return strings.Join(averages[:min(3, len(averages))], " ")
}
