package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// A timing is the measured time of a model's calls.
type timing struct {
	wall time.Duration // the median
	cpu  time.Duration // the mean, summed over all processors
}

// A peer is a process that measures its calls of a model.
type peer struct {
	name     string
	cmd      *exec.Cmd
	ask      io.WriteCloser
	answers  *bufio.Reader
	subjects []*subject
}

func startPeer(name, python, script, dir string) (*peer, error) {
	p := &peer{name: name, cmd: exec.Command(python, script, dir)}
	complaints, err := os.CreateTemp(dir, "stderr")
	if err != nil {
		return nil, err
	}
	defer complaints.Close()
	p.cmd.Stderr = complaints
	if p.ask, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.answer(&p.subjects); err != nil {
		_ = p.cmd.Wait() // the error below reports it
		text, _ := os.ReadFile(complaints.Name())
		return nil, fmt.Errorf("%w: %s", err, text[max(len(text)-2000, 0):])
	}
	return p, nil
}

func (p *peer) answer(to any) error {
	line, err := p.answers.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the process of %s ended: %w", p.name, err)
	}
	return json.Unmarshal(line, to)
}

// measure returns the time of the peer's calls of one model; ok is false if the peer does not support the model.
func (p *peer) measure(name string, each time.Duration) (t timing, ok bool, err error) {
	question, err := json.Marshal(map[string]any{"case": name, "seconds": each.Seconds()})
	if err != nil {
		return t, false, err
	}
	if _, err := p.ask.Write(append(question, '\n')); err != nil {
		return t, false, err
	}
	var got *struct{ Seconds, CPU float64 }
	if err = p.answer(&got); err != nil || got == nil {
		return t, false, err
	}
	return timing{seconds(got.Seconds), seconds(got.CPU)}, true, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (p *peer) close() {
	p.ask.Close()
	_ = p.cmd.Wait() // all answers have been read
}
