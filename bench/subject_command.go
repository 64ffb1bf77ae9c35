package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// A command runs a command-line program on a checkpoint: ckpt or sha256sum.
type command struct {
	task
	program string // path of the ckpt command
}

// commandName is the file name of the ckpt command that bench builds.
const commandName = "ckpt-command"

func newCommand(t task) *command {
	return &command{task: t, program: filepath.Join(t.Dir, commandName)}
}

// buildCommand builds the program.
func buildCommand(ctx context.Context, dir string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, commandName), "github.com/gockpt/ckpt/cmd/ckpt").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	return nil
}

func (c *command) before(operation) error { return warm(filepath.Join(c.Dir, "ckpt.*")) }

func (c *command) after(operation) error { return nil }

func (c *command) do(ctx context.Context, op operation) error {
	prefix := filepath.Join(c.Dir, "ckpt")
	name, args := c.program, []string{op.name, prefix}
	if c.Peer == "sha256sum" {
		name, args = "sha256sum", []string{prefix + ".index", prefix + ".data-00000-of-00001"}
	}
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.300s", name, err, out)
	}
	return nil
}
