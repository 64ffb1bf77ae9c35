package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
)

// peers holds the peers that this machine has, in the order in which they take turns.
type peers struct {
	names    []string
	commands map[string][]string // the command that starts each peer's worker; a task is appended
	versions map[string]string   // the versions of peers that are not written in Go
}

// foreign lists the peers that are not written in Go.
var foreign = []string{"tensorflow", "safetensors", "safetensors, memory kept", "safetensors-rs", "torch", "orbax", "numpy", "h5py"}

// findPeers asks the Python interpreter and the Rust program which peers they have.
func findPeers(ctx context.Context, python, rust string) (*peers, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &peers{names: []string{"ckpt", "ckpt, TensorFlow's format", "mapped", "raw", checkedPeer, "cp", "sha256sum"}, commands: map[string][]string{}, versions: map[string]string{}}
	for _, name := range p.names {
		p.commands[name] = []string{own, workerCommand}
	}
	if python != "" {
		if err := p.add(ctx, python, besideBench("bench/peers")); err != nil {
			return nil, err
		}
	}
	switch _, err := os.Stat(rust); {
	case err == nil:
		if err := p.add(ctx, rust); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	for _, name := range foreign {
		if p.versions[name] != "" {
			p.names = append(p.names, name)
		}
	}
	return p, nil
}

// add adds the peers that a command knows.
func (p *peers) add(ctx context.Context, command ...string) error {
	out, err := exec.CommandContext(ctx, command[0], append(command[1:len(command):len(command)], "versions")...).Output()
	if err != nil {
		return fmt.Errorf("%s: %w", command[0], err)
	}
	found := map[string]string{}
	if err := json.Unmarshal(out, &found); err != nil {
		return fmt.Errorf("%s: %w", command[0], err)
	}
	for name := range found {
		p.commands[name] = command
	}
	maps.Copy(p.versions, found)
	return nil
}

// besideBench resolves a path of the module, for a program that runs in the module's root or in bench.
func besideBench(path string) string {
	if _, err := os.Stat("bench"); err == nil {
		return filepath.FromSlash(path)
	}
	return filepath.Join("..", path)
}
