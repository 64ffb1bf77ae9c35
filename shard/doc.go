// Package shard says which part of a tensor each of several workers holds, and what a worker reads of a checkpoint that other
// workers wrote: from any number of workers to any other.
//
// # Words
//
//	here                 torch.distributed                JAX and Orbax
//	Mesh                 DeviceMesh                       Mesh
//	Cut                  placements: Shard, Replicate     PartitionSpec
//	Cut.Region           the local shard of a DTensor     devices_indices_map
//	Cut.First            the rank that saves a replica    replica_id == 0
//	Flat, FlatRange      flat parameters of FSDP, ZeRO    -
//	Plan                 a LoadPlan and its ReadItems     -
//	Reshard              loading with another mesh        restoring with another sharding
//
// # Use
//
// A worker of a program that saves gives its place to [ckpt.Checkpoint.WriteSection], by the options [ckpt.Parts] and
// [ckpt.Own]; one that restores, by [ckpt.Parts]. See [Worker]. The numbers of workers that wrote and that read need not be
// equal, nor need the parts: a worker's part is gathered from all stored parts that have some of it. [Read] does the same for one tensor
// without a model, also for flat ranges, and [Reshard] writes the whole checkpoint anew, as a given number of workers would have written it.
//
// [Plan] only calculates: which bytes of which stored parts a worker needs, as the fewest ranges.
package shard
