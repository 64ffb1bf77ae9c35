// Package growth has only tests. They pass hostile input to every verb that reads, double the input twice,
// and compare how often each statement of the module runs. Time must be linear in the size of the input, not
// quadratic. Unlike seconds, counts do not depend on the machine.
package growth
