// Package races holds its tests only. They call a Checkpoint, a Reader and a Manager from many goroutines at once, and save in the
// background. Run them with the race detector.
package races
