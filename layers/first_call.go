package layers

import (
	"sync"
	"sync/atomic"
)

// A firstCall serializes the calls of a layer until one succeeds, because they may have to make its weights. Then the layer has
// its weights, and later calls only read them. A method that makes weights begins with
//
//	defer l.first.begin().end(&err)
//
// and does not read weights before that line. It must not call such a method of another layer.
type firstCall struct {
	done uint32 // accessed atomically; not an atomic.Bool, because layers may be copied
}

// making is held by the call of any layer that may have to make weights.
var making sync.Mutex

// begin waits for its turn. It returns nil if it does not have to wait.
func (f *firstCall) begin() *firstCall {
	if atomic.LoadUint32(&f.done) != 0 {
		return nil
	}
	making.Lock()
	return f
}

// end ends the turn. *err is the error that the method returns.
func (f *firstCall) end(err *error) {
	if f == nil {
		return
	}
	if *err == nil {
		atomic.StoreUint32(&f.done, 1)
	}
	making.Unlock()
}
