package pickle

import (
	"fmt"
	"math/big"
)

// A Value is what a pickle describes. It is one of
//
//	nil                    None
//	bool                   bool
//	int64, *big.Int        int; *big.Int where it does not fit an int64
//	float64                float
//	string                 str; a str of Python 2, with any bytes
//	Bytes                  bytes, bytearray
//	Tuple                  tuple
//	*List, *Dict, *Set     list, dict, set and frozenset
//	*Global                a class or function
//	*Object                what a call would have returned, or an instance
//
// or whatever [Options.Persistent] returned. Two values are one object in Python where they are the same pointer; of strings, bytes
// and tuples that cannot be told.
type Value any

// Bytes are bytes or a bytearray.
type Bytes []byte

// A Tuple is a tuple.
type Tuple []Value

// A List is a list.
type List struct{ Items []Value }

// A Dict is a dict. A key that a pickle sets twice is there twice; Python's own pickles have none.
type Dict struct{ Entries []Entry }

// An Entry is a key of a dict and its value.
type Entry struct{ Key, Value Value }

// A Set is a set or a frozenset.
type Set struct{ Items []Value }

// A Global names a class or a function.
type Global struct{ Module, Name string }

// String returns the dotted name, in Python 3's terms: pickles of protocol 2 and less have Python 2's names of built-in modules.
func (g *Global) String() string {
	switch g.Module {
	case "__builtin__":
		return "builtins." + g.Name
	case "copy_reg":
		return "copyreg." + g.Name
	}
	return g.Module + "." + g.Name
}

// An Object stands for what Python would have made of a global.
type Object struct {
	Class *Global
	// New is set if an instance of class Class is made without its constructor (cls.__new__). Otherwise Class would have
	// been called with Args.
	New     bool
	Args    Tuple
	Kwargs  Value   // nil, or a *Dict: of an instance
	State   Value   // what __setstate__ or the instance's attributes get; nil if there is none
	Items   []Value // appended or added, by list's and deque's subclasses
	Entries []Entry // set, by dict's subclasses
}

// Kind says in Python's words what v is, for messages: "a dict", "an object of os.system". Values of other types than those of this
// package are "an object that the file refers to".
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

// Quote returns the name for messages: as it is where it is short and plain.
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
