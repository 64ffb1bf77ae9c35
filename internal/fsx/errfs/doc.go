// Package errfs is a filesystem in memory for tests of failures. Every operation on it can fail, write only
// in part, or be the last one before the power fails.
//
// An [FS] distinguishes the state that programs see from the durable state. Bytes are durable after a sync of
// their file, and a name after a sync of its directory. [FS.Reboot] cuts the power and returns the filesystem
// that the next boot finds. It has the durable state. The [Fate] decides how much of each other change
// survives, in any order, because filesystems do not promise more. A rename within a directory happens
// completely or not at all. Between two directories its halves are independent. A removed name may reappear.
// An overwritten range may have its old bytes, new ones, or new ones up to some point.
//
// Operations, including reads, are counted from 1. An [Injector] is called before each operation:
//
//	for n := 1; ; n++ {
//		disk := errfs.New()
//		disk.Inject(errfs.At(n, errfs.Crash))
//		err := save(disk)
//		check(disk.Reboot(errfs.LoseAll), err)
//		if disk.Ops() < n {
//			break // it took fewer operations: every one has had its turn
//		}
//	}
package errfs
