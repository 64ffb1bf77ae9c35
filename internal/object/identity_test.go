package object

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestIdentityOf checks which values count as one object.
func TestIdentityOf(t *testing.T) {
	type inner struct{ X int64 }
	type outer struct{ Inner inner }
	o := &outer{}
	of := func(v reflect.Value) Identity { return IdentityOf(v, nil, &Edge{Name: "e"}) }
	whole, first := reflect.ValueOf(o).Elem(), reflect.ValueOf(&o.Inner).Elem()
	require.Equal(t, of(whole), of(reflect.ValueOf(o).Elem()), "one pointer is one object")
	require.NotEqual(t, of(whole), of(first), "a struct and its first field share an address, but are two objects")

	slice := []int64{1, 2, 3}
	held := reflect.ValueOf(&slice).Elem()
	before := of(held)
	slice = append(slice, 4)
	require.Equal(t, before, of(held), "a growing slice stays the object of its variable")
	other := slice
	require.NotEqual(t, of(held), of(reflect.ValueOf(&other).Elem()), "two variables are two objects")
	require.Equal(t, ContentOf(held), ContentOf(reflect.ValueOf(&other).Elem()), "although they share an array")
	require.NotEqual(t, ContentOf(held), ContentOf(reflect.ValueOf(slice[:2])), "a part of the array has other contents")

	type empty struct{}
	e := reflect.ValueOf(&empty{}).Elem()
	require.Equal(t, IdentityOf(e, nil, &Edge{Name: "a"}), IdentityOf(e, nil, &Edge{Name: "a"}), "an object without an address is identified by its edge")
	require.NotEqual(t, IdentityOf(e, nil, &Edge{Name: "a"}), IdentityOf(e, nil, &Edge{Name: "b"}))
}
