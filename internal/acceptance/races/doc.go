// Package races holds only tests. They use a Checkpoint, a Reader and a Manager from many goroutines at once, and save in the
// background. Run them with the race detector.
package races
