package transfer

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

type partsFunc = func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)

// check looks every tensor up and compares it with its value: dtype, shape, and whether the files can hold the stored bytes. All
// that is wrong comes back in one *PlanError.
func (p *Plan) check(r format.Reader, o Options) error {
	var mismatched []Problem
	var unscaled map[*Assignment]bool
	if len(p.assignments) > 0 {
		p.askShapes()
		unscaled = p.checkScales(r)
	}
	for _, a := range p.assignments {
		if unscaled[a] {
			continue
		}
		switch problem := a.check(r, o.Parts, p.wants); {
		case problem == nil:
		case problem.Err == nil && o.SkipMismatched != nil:
			mismatched = append(mismatched, *problem)
		default:
			p.problems = append(p.problems, *problem)
		}
	}
	if len(mismatched) > 0 && !p.skip(mismatched) {
		p.problems = append(p.problems, mismatched...)
	}
	if len(p.problems) > 0 {
		p.problems = missingFirst(p.problems)
		return &PlanError{p.problems}
	}
	if len(mismatched) > 0 {
		o.SkipMismatched(mismatched)
	}
	return nil
}

// skip leaves out all assignments to the objects of the problems. It returns false, and leaves none out, where nothing else would be assigned.
func (p *Plan) skip(problems []Problem) bool {
	nodes := make(map[*object.Node]bool, len(problems))
	for _, problem := range problems {
		nodes[problem.Node] = true
	}
	skipped := func(a *Assignment) bool { return nodes[a.Node] }
	if len(p.custom) == 0 && !slices.ContainsFunc(p.assignments, func(a *Assignment) bool { return !skipped(a) }) {
		return false
	}
	p.assignments = slices.DeleteFunc(p.assignments, skipped)
	return true
}

func (a *Assignment) check(r format.Reader, parts partsFunc, wants map[object.Identity][]wantedShape) *Problem {
	var ok bool
	var err error
	if a.found, ok, err = r.Find(a.Key); err == nil && !ok {
		err = fmt.Errorf("the object graph names the key %q, which the index lacks: %w", a.Key, format.ErrNotFound)
	}
	var e format.Entry
	if err == nil {
		e, err = a.found.Entry()
	}
	if err != nil {
		return &Problem{Node: a.Node, Key: a.Key, Err: err}
	}
	if e, err = a.locate(e, parts); err != nil {
		return &Problem{Node: a.Node, Key: a.Key, Text: err.Error()}
	}
	if text := mismatch(a.Value, e); text != "" {
		return &Problem{Node: a.Node, Key: a.Key, Text: text}
	}
	if text := misfit(wants[a.Node.Key()], e); text != "" {
		return &Problem{Node: a.Node, Key: a.Key, Text: text}
	}
	if a.Part != nil {
		err = r.CheckSlice(a.Key, a.Part.Region)
	} else {
		err = a.found.Check()
	}
	if err != nil {
		return &Problem{Node: a.Node, Key: a.Key, Err: err}
	}
	return nil
}

// locate asks parts which region of the stored tensor e the program holds, and returns the entry of that.
func (a *Assignment) locate(e format.Entry, parts partsFunc) (format.Entry, error) {
	if a.Part == nil && parts != nil {
		if full, region := parts(a.Node.FullPath(), a.Value.Shape); region != nil {
			a.Part = &object.Part{Full: full, Region: region}
		}
	}
	if a.Part != nil && !a.Part.Full.Equal(e.Shape) {
		return e, fmt.Errorf("shape %v in the checkpoint, its parts are those of shape %v", e.Shape, a.Part.Full)
	}
	return a.Part.Of(e)
}

// entry returns the entry of what is read. The plan was checked.
func (a *Assignment) entry() (format.Entry, error) {
	e, err := a.found.Entry()
	if err != nil {
		return e, err
	}
	return a.Part.Of(e)
}

// mismatch says why a stored tensor cannot become v, "" if it can.
func mismatch(v *object.Value, e format.Entry) string {
	if v.DType != e.DType && !(v.Cast && castable(e.DType, v.DType)) && !(v.Scaled && e.DType == tensor.DTInt8) {
		hint := ""
		if castable(e.DType, v.DType) {
			hint = "; the tag option cast converts"
		}
		return fmt.Sprintf("dtype %v in the checkpoint, %v in the model%s", e.DType, v.DType, hint)
	}
	if v.Shape != nil && v.Shared() == "" && !v.Shape.Equal(e.Shape) {
		return fmt.Sprintf("incompatible tensor with shape %v in the checkpoint, %v in the model", e.Shape, v.Shape)
	}
	return ""
}

// castable reports whether values of one dtype can become values of another without changing their kind.
func castable(from, to tensor.DType) bool {
	src, err := tensor.NewAny(from, 0)
	if err != nil {
		return false
	}
	dst, err := tensor.NewAny(to, 0)
	return err == nil && tensor.Cast(dst, src) == nil
}
