//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tensorFlow is the other side of every test. It is started once, because the import takes seconds.
var tensorFlow *oracle

func TestMain(m *testing.M) {
	if os.Getenv("CKPT_VICTIM") != "" { // a test started this process in order to kill it
		if err := victim(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(func() int {
		var err error
		if tensorFlow, err = startOracle(); err != nil {
			fmt.Fprintln(os.Stderr, "interop:", err)
			return 1
		}
		defer tensorFlow.stop()
		return m.Run()
	}())
}

// An oracle is a `python -m oracle` that answers one question at a time.
type oracle struct {
	mu       sync.Mutex
	process  *exec.Cmd
	question io.WriteCloser
	answers  *bufio.Reader
	said     *strings.Builder // on its standard error
}

type arguments map[string]any

// patience is the time that an answer may take. The slowest answers, for large programs, take a second.
const patience = time.Minute

func startOracle() (*oracle, error) {
	python := os.Getenv("CKPT_PYTHON")
	if python == "" {
		root, err := filepath.Abs("../..")
		if err != nil {
			return nil, err
		}
		python = filepath.Join(root, ".cache", "venv", "bin", "python")
	}
	if _, err := exec.LookPath(python); err != nil {
		return nil, fmt.Errorf("no Python with TensorFlow: %w (make .cache/venv with .ci/venv, or name one in CKPT_PYTHON)", err)
	}
	o := &oracle{process: exec.Command(python, "-B", "-m", "oracle"), said: new(strings.Builder)}
	o.process.Stderr = o.said
	var err error
	if o.question, err = o.process.StdinPipe(); err != nil {
		return nil, err
	}
	answers, err := o.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	o.answers = bufio.NewReader(answers)
	return o, o.process.Start()
}

func (o *oracle) stop() {
	o.question.Close()
	o.process.Wait()
}

// ask asks a question and returns the answer as a T. If TensorFlow raises an exception, the test fails with
// it.
func ask[T any](t require.TestingT, name string, args arguments) T {
	var answer T
	err := tensorFlow.try(name, args, &answer)
	require.NoError(t, err)
	return answer
}

// try asks a question, and returns TensorFlow's exception as an error.
func (o *oracle) try(name string, args arguments, answer any) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	request := arguments{"ask": name}
	for k, v := range args {
		request[k] = v
	}
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	overdue := time.AfterFunc(patience, func() { o.process.Process.Kill() })
	defer overdue.Stop()
	if _, err := o.question.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("the oracle has ended: %w\n%s", err, o.said)
	}
	reply, err := o.answers.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the oracle crashed in %s: %w\n%s", name, err, o.said)
	}
	var got struct {
		Answer       json.RawMessage
		Error, Trace string
	}
	if err := json.Unmarshal(reply, &got); err != nil {
		return err
	}
	if got.Error != "" {
		return fmt.Errorf("TensorFlow, asked to %s: %s\n%s", name, got.Error, got.Trace)
	}
	return json.Unmarshal(got.Answer, answer)
}
