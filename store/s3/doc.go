// Package s3 keeps checkpoints in S3 and in servers with the same protocol: MinIO, R2, Ceph, versitygw. It is a separate
// module, so that programs that do not use it do not depend on its client, github.com/minio/minio-go.
//
//	s, err := s3.Open(ctx, "s3://bucket/runs?region=eu-central-1")
//	…
//	path, err := c.Save(ctx, "mnist/ckpt", ckpt.In(s))
//
// # Requests
//
// Objects of up to 16 MiB are written with one PUT. Larger ones and those of unknown size are multipart uploads of parts of
// at least 16 MiB, four at a time. A write needs memory for these parts in addition to the values. Every PUT and every part
// is sent with its CRC-32C, which the server compares. A read is a ranged GET that names the version it expects. A read that
// breaks off is resumed. The client repeats requests after transient errors, with growing pauses.
//
// # Conditions
//
// A version is an ETag. PutIfAbsent sends If-None-Match: *, and Replace sends If-Match. In a multipart upload the request
// that completes it has these headers. The server may refuse a request that was sent again because its first answer was
// lost. Therefore every conditional write carries a nonce in the object's metadata, and after a refusal the package compares the
// object's nonce with its own. Before the first write it checks that the server does not ignore conditions.
package s3
