// Package growth holds its tests only. They give hostile input to every verb that reads, double the input twice, and
// compare how often each statement of the module runs: time must grow with the size of the input, and not with its square.
// Counts do not depend on the machine, as seconds do.
package growth
