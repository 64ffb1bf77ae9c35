package layers

import (
	"sync"
	"sync/atomic"
)

// A firstCall lets those calls of a layer that may have to make its weights go one at a time, until one succeeds: by then the layer has its
// weights, and later calls only read them. A method that makes weights begins with
//
//	defer l.first.begin().end(&err)
//
// and looks at no weight before. Such a method calls none of another layer.
type firstCall struct {
	done uint32 // accessed atomically; no atomic.Bool, since a layer may be copied
}

// making is held by the call of any layer that may have to make weights.
var making sync.Mutex

// begin waits for its turn. It returns nil where there is nothing to wait for.
func (f *firstCall) begin() *firstCall {
	if atomic.LoadUint32(&f.done) != 0 {
		return nil
	}
	making.Lock()
	return f
}

// end gives the turn away; *err is what the method that began returns.
func (f *firstCall) end(err *error) {
	if f == nil {
		return
	}
	if *err == nil {
		atomic.StoreUint32(&f.done, 1)
	}
	making.Unlock()
}
