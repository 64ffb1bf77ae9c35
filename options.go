package ckpt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/tensor"
)

// options holds the values of all options of a call.
type options struct {
	fsys     fsx.ReadFS // to read from
	writer   fsx.FS     // to write to
	perm     *fs.FileMode
	logger   *slog.Logger
	progress func(Progress)
	attach   []namedObject // With
	// fullNames has the names of FullName, by the name of an edge of the root.
	fullNames map[string]string
	savers    []*object.Saver // WithSaver

	async      bool
	allowEmpty bool // a save may lack variables
	shard      format.ShardFunc
	maxShard   int64        // MaxShardSize
	as         string       // As
	keepFrom   string       // KeepFrom
	maker      layout.Maker // writes this maker's names and layouts
	callbacks  []func(ctx context.Context, path string) error

	attempt    string
	own        func(path string) bool
	unverified bool
	parts      func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)

	planned   bool
	skipSlots bool
	atomic    bool
	mapped    bool
	align     int

	strict, partial bool
	ignoreUnknown   bool
	skipMismatched  bool
	report          *Report
	at              string
	renames         [][2]string

	stateFile string
	elsewhere bool
	// ignoreDamaged is set by IgnoreDamagedState.
	ignoreDamaged bool
	manager       managerOptions
	saver         saverOptions
	watch         watchOptions
	err           error                           // the error of an unusable option
	begin         func(ctx context.Context) error // called before the files of a save are written
	ended         func()                          // called when they are complete or the save failed
}

// managerOptions holds the options of [NewManager] and [Manager.Save].
type managerOptions struct {
	keepLast  *int // nil if not given, like the fields below
	keepEvery *time.Duration
	interval  *int64
	step      func() int64
	lastStep  *int64
	init      func(ctx context.Context) error
	name      string

	number *int64
	force  bool
}

// saverOptions holds the options of [NewSaver] and [Saver.Save].
type saverOptions struct {
	step     *int64
	pad      bool
	relative bool
	noState  bool
}

// watchOptions holds the options of [Iterator] and [WaitForNew].
type watchOptions struct {
	poll     time.Duration // between two checks of the state file
	interval time.Duration // between two checkpoints
	timeout  *time.Duration
	done     func() bool
}

type namedObject struct {
	name   string
	object any
}

func defaultOptions() options {
	return options{fsys: fsx.OS{}, writer: fsx.OS{}, logger: slog.Default(), stateFile: state.DefaultName, watch: watchOptions{poll: time.Second}}
}

// with returns o with the options of one call added.
func with[O setter](o options, opts []O) (options, error) {
	o.attach, o.callbacks, o.savers = slices.Clip(o.attach), slices.Clip(o.callbacks), slices.Clip(o.savers) // options append to them
	for _, opt := range opts {
		if setter(opt) == nil {
			return o, errors.New("ckpt: an option is nil")
		}
		opt.set(&o)
	}
	if o.fsys == nil {
		return o, errors.New("ckpt: WithFS(nil) or In(nil): the argument must not be nil")
	}
	if o.align < 0 || o.align > maxAlign || o.align&(o.align-1) != 0 {
		return o, fmt.Errorf("ckpt: Align(%d): want a power of two, at most %d", o.align, maxAlign)
	}
	if err := o.setPerm(); err != nil {
		return o, err
	}
	return o, o.err
}

// setPerm applies the permissions of FileMode to new files.
func (o *options) setPerm() error {
	if o.perm == nil || *o.perm == 0 {
		return nil
	}
	if *o.perm&^fs.ModePerm != 0 || *o.perm&0o600 != 0o600 {
		return fmt.Errorf("ckpt: FileMode(%#o): want permission bits that let the owner read and write", uint32(*o.perm))
	}
	if _, ok := o.writer.(fsx.OS); !ok {
		return errors.New("ckpt: FileMode: a store has no permissions: remove FileMode or In")
	}
	o.writer = fsx.OS{Perm: *o.perm}
	return nil
}

// maxAlign is the largest value for Align, a page.
const maxAlign = 4096

// With attaches another object under a name next to the root: tf.train.Checkpoint(root, name=object). [New] only.
func With(name string, object any) Option {
	return option(func(o *options) { o.attach = append(o.attach, namedObject{name, object}) })
}

// WithFS reads checkpoints from fsys, such as an embed.FS. Paths are then paths in fsys. Saves still write to the operating
// system's files.
func WithFS(fsys fs.FS) ReadOption {
	return option(func(o *options) {
		o.fsys = nil
		if fsys != nil {
			o.fsys = fsx.FromFS(fsys)
		}
	})
}

// WithLogger sends warnings to l instead of slog.Default().
func WithLogger(l *slog.Logger) AnyOption {
	return option(func(o *options) { o.logger = l })
}

// Progress reports how much of a save or a restore is done.
type Progress struct {
	Done, Total int64 // bytes of tensors
}

func progressOf(f func(Progress)) func(done, total int64) {
	if f == nil {
		return nil
	}
	return func(done, total int64) { f(Progress{done, total}) }
}

// WithProgress calls f while bytes are moved, from one goroutine at a time. In the last call Done equals Total, unless the save or
// restore failed.
func WithProgress(f func(Progress)) TransferOption {
	return option(func(o *options) { o.progress = f })
}

// OnWrite calls f with the checkpoint's path after its files are complete and before the `checkpoint` state file names
// it. Several functions are called in the order given. If one returns an error, the save fails with it.
func OnWrite(f func(ctx context.Context, path string) error) WriteOption {
	return option(func(o *options) { o.callbacks = append(o.callbacks, f) })
}

// Planned makes a restore read only the index and make a plan. [Status.RunRestoreOps] then reads the values, as in TensorFlow's
// graph mode.
func Planned() RestoreOption { return option(func(o *options) { o.planned = true }) }

// SkipSlots leaves the slot variables of optimizers unchanged, and assertions ignore them
// (CheckpointOptions.experimental_skip_slot_variables).
func SkipSlots() RestoringOption {
	return option(func(o *options) { o.skipSlots = true })
}

// Atomic makes a restore all or nothing: every value is read, verified and converted before the first is assigned. During the
// restore the values are in memory twice. Objects that take their values by a method, which may return an error, are assigned
// first. If one of them fails, those before it keep their new values, and the *[RestoreError] lists them.
func Atomic() RestoringOption {
	return option(func(o *options) { o.atomic = true })
}

// Strict makes [LoadWeights] reject a checkpoint that holds values that the model lacks. With [At] it considers only values below
// that object. A save counter is never rejected.
func Strict() LoadOption { return option(func(o *options) { o.strict = true }) }

// Partial makes [LoadWeights] leave values that the checkpoint lacks unchanged. At least one value must be found.
func Partial() LoadOption { return option(func(o *options) { o.partial = true }) }

// IgnoreUnknown makes LoadWeights skip stored values inside objects of the model if the objects do not have fields for them.
// Without it such a value is an error if the object has other values in the checkpoint, or a field of that name that is not
// tracked or holds a nil interface. A type can say which names it does not need: by a field with the tag `ckpt:"-"`, or by the
// method of [layout.Ignorer]. A scalar integer counts as a counter and is ignored. In a name-based checkpoint the scope of a name
// stands for the object. A [Group] and a map have only the names that the program asks for.
func IgnoreUnknown() LoadOption {
	return option(func(o *options) { o.ignoreUnknown = true })
}

// At makes [LoadWeights] start at the object to which path leads from the checkpoint's root. A path is edges joined by "/", each
// escaped as in a key, or edges joined by dots if the names do not contain dots. At("model") loads a training checkpoint's model
// into a model struct.
func At(path string) LoadOption { return option(func(o *options) { o.at = path }) }

// AllowEmpty permits a save without variables, which is otherwise an error with ErrNoVariables. A Saver without variables
// does not write or read anything (allow_empty).
func AllowEmpty() VariablesOption { return option(func(o *options) { o.allowEmpty = true }) }

// In makes a call read from and write to s, such as an S3 bucket, instead of the machine's files. Paths are then names within s:
// "run/ckpt" and "run/ckpt-1.index". Every function with a path accepts In, and [New] accepts it for all calls on the Checkpoint.
//
// The objects in the store are the same as the files in a directory, so you can download them and read them with TensorFlow. Only
// the numbers in the names of data files may differ. Values stream from the program's memory without a copy; restoring reads in
// large ranges, several at once. Writing the index commits a save. A conditional write publishes it in the `checkpoint` file, so
// that an older save never replaces a newer one there. The next save under a name removes the remains of an interrupted one.
//
// A Store does not have permissions, memory mapping or locks. So FileMode is an error, Mapped reads normally, and if two
// [Manager]s save at the same time, publishing the second save fails.
func In(s store.Store) AnyOption {
	return option(func(o *options) {
		if s == nil {
			o.fsys = nil
			return
		}
		f := storefs.Of(s)
		o.fsys, o.writer = f, f
	})
}

// Rename changes paths in the checkpoint before a restore matches them: old becomes new. A path consists of the names of edges,
// joined by dots or slashes. old is the beginning of a path and consists of whole edges: Rename("bert.encoder", "encoder").
// Rename("module", "") removes a level. If old has a special character of regular expressions other than the dot, it is a regular
// expression, and new may refer to its groups: Rename(`^h\.(\d+)\.`, "blocks.$1."). Several renamings are applied in order. It is
// an error if one does not match any value. At refers to a renamed path.
func Rename(old, new string) RenameOption {
	return option(func(o *options) {
		o.renames = append(o.renames[:len(o.renames):len(o.renames)], [2]string{old, new})
	})
}

// Mapped makes [Reader.Tensor] return tensors that are pages of the file, mapped into memory. Opening a checkpoint and its tensors
// then takes the same time for any size, and only the parts that the program uses are read. Values may be changed; the file is not.
// A checksum is compared when [Reader.VerifyTensor] or [Reader.Verify] is called, which may run in another goroutine. The tensors
// are not to be used after [Reader.Close], and the files must not change: touching a truncated page crashes the program (SIGBUS).
//
// Two tensors of one Reader for the same key share their memory: a change in one also changes the other. To change them
// separately, open the checkpoint twice or clone a tensor.
//
// Mapping is not possible for strings, for partitioned tensors, and for tensors at an offset that is not a multiple of the element
// size, as in TensorFlow's files. These are read and verified as without Mapped. [Align] avoids such offsets in new files. Where
// mmap is unavailable, everything is read normally.
func Mapped() OpenOption { return option(func(o *options) { o.mapped = true }) }

// Align makes a save begin every tensor at a multiple of n bytes in its data file, with zeros in between. 64 suits [Mapped] and vector
// instructions. TensorFlow reads such files. n is a power of two, at most 4096.
func Align(n int) WriteOption {
	return option(func(o *options) { o.align = n })
}

// FileMode sets the permissions of new files, 0o666 by default, before the umask: 0o600 makes the files readable by the
// owner only. New directories have the same permissions, and everyone who may read them may also enter them.
func FileMode(perm fs.FileMode) FileOption {
	return option(func(o *options) { o.perm = &perm })
}
