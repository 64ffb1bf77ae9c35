// Package growth holds only tests. They give hostile input to every verb that reads, double the input twice, and compare how often
// each statement of the module runs: time must be linear in the size of the input, not quadratic. Counts, unlike seconds, do not
// depend on the machine.
package growth
