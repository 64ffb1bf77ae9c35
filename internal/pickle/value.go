package pickle

import (
	"fmt"
	"math/big"
)

// A Value is a value in a pickle. It is one of
//
//	nil                    None
//	bool                   bool
//	int64, *big.Int        int; *big.Int if it does not fit an int64
//	float64                float
//	string                 str; a str of Python 2, with any bytes
//	Bytes                  bytes, bytearray
//	Tuple                  tuple
//	*List, *Dict, *Set     list, dict, set and frozenset
//	*Global                a class or function
//	*Object                the result of a call, or an instance
//
// or any value that [Options.Persistent] returned. Values that are the same pointer are one object in Python. For strings, bytes
// and tuples this is unknown.
type Value any

// Bytes are bytes or a bytearray.
type Bytes []byte

// A Tuple is a tuple.
type Tuple []Value

// A List is a list.
type List struct{ Items []Value }

// A Dict is a dict. If a pickle sets a key twice, it occurs twice; Python does not write such pickles.
type Dict struct{ Entries []Entry }

// An Entry is a key of a dict and its value.
type Entry struct{ Key, Value Value }

// A Set is a set or a frozenset.
type Set struct{ Items []Value }

// A Global names a class or a function.
type Global struct{ Module, Name string }

// String returns the dotted name in Python 3. Pickles of protocol 2 and lower use Python 2's names of built-in modules.
func (g *Global) String() string {
	switch g.Module {
	case "__builtin__":
		return "builtins." + g.Name
	case "copy_reg":
		return "copyreg." + g.Name
	}
	return g.Module + "." + g.Name
}

// An Object represents the object that Python would have made by calling a global.
type Object struct {
	Class *Global
	// New is set if an instance of class Class is made without its constructor (cls.__new__). Otherwise Class would have
	// been called with Args.
	New     bool
	Args    Tuple
	Kwargs  Value   // nil, or a *Dict: only for an instance
	State   Value   // the argument of __setstate__, or the instance's attributes; nil if there is none
	Items   []Value // items appended to or added to a subclass of list or deque
	Entries []Entry // items set in a subclass of dict
}

// Kind describes v in Python's terms for messages: "a dict", "an object of os.system". A value of a type from outside this
// package is "an object that the file refers to".
func Kind(v Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, *big.Int:
		return "an int"
	case float64:
		return "a float"
	case string:
		return "a str"
	case Bytes:
		return "bytes"
	case Tuple:
		return "a tuple"
	case *List:
		return "a list"
	case *Dict:
		return "a dict"
	case *Set:
		return "a set"
	case *Global:
		return "the global " + v.Quote()
	case *Object:
		return "an object of " + v.Class.Quote()
	}
	return "an object that the file refers to"
}

// Quote returns the name for messages. It quotes the name unless it is short and plain.
func (g *Global) Quote() string {
	const most = 100
	name := g.String()
	if len(name) > most {
		return fmt.Sprintf("%+q…", name[:most])
	}
	if q := fmt.Sprintf("%+q", name); q[1:len(q)-1] != name {
		return q
	}
	return name
}
