// Package faults holds its tests only. They fail, cut short or cancel every operation on files that a save, a restore or a Manager
// makes, one after the other. What is on the disk then is the old checkpoint or the new one, and the error says what failed.
package faults
