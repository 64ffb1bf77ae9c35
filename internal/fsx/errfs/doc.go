// Package errfs is a filesystem in memory on which every single operation can fail, tear or be the last one
// before the power goes, for tests of what must survive that.
//
// An [FS] keeps apart what programs see from what is durable. Bytes are durable once the file they were written
// to has been synced, a name once its directory has been. [FS.Reboot] cuts the power and returns the filesystem
// that the next boot finds: what is durable is there, and of everything else as much or as little as the [Fate]
// decides, in any order: filesystems promise no more. A rename within a directory happens as a whole or not at
// all; between two directories its halves are independent. A removed name may come back, and an overwritten
// range may hold its old bytes, new ones, or new ones up to some point.
//
// Operations are counted from 1, reads included, and an [Injector] is asked about each before it takes place:
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
