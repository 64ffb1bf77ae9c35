// Package faults holds only tests. They make every file operation of a save, a restore or a Manager fail, one after the other, or
// cut it short or cancel it. Afterwards the disk has the old checkpoint or the new one, and the error says what failed.
package faults
