// Package shard computes which part of a tensor each of several workers holds, and which bytes a worker must read from a
// checkpoint that any number of other workers wrote.
//
// # Terms
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
// A worker that saves passes the options ckpt.Parts and ckpt.Own to ckpt.Checkpoint.WriteSection. A worker that restores
// passes ckpt.Parts. See Worker. The number of workers and the parts may differ between writing and reading: a worker's part
// is gathered from every stored part that overlaps it. Read does the same for one tensor without a model, and for flat
// ranges too. [Reshard] rewrites the whole checkpoint as a given number of workers would have written it.
//
// Plan does not read anything. It returns the fewest ranges of bytes of the stored parts that a worker needs.
package shard
