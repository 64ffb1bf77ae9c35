package torch

import "github.com/gockpt/ckpt/internal/pickle"

// A role is the meaning of a call of a global for the tensors of a file.
type role int

const (
	unknown   role = iota
	value          // a number, a path, a date: it does not hold tensors
	container      // a dict, list or tuple by another name
	maker          // makes a tensor: see rebuild.go
	nested         // makes a storage from the bytes of a file: see nested.go
)

// globals are the functions that a file may call, by their names in Python 3. The package never calls them.
// The role determines the meaning of the call's arguments.
var globals = func() map[string]role {
	m := make(map[string]role)
	for r, names := range map[role][]string{
		value: {
			"builtins.int", "builtins.float", "builtins.str", "builtins.bool", "builtins.complex", "builtins.bytes", "builtins.bytearray",
			"builtins.slice", "builtins.range", "builtins.xrange", "builtins.object", "_codecs.encode",
			"datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone",
			"decimal.Decimal", "fractions.Fraction", "uuid.UUID", "random.Random",
			"pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
			"pathlib._local.Path", "pathlib._local.PosixPath", "pathlib._local.WindowsPath",
			"pathlib._local.PurePath", "pathlib._local.PurePosixPath", "pathlib._local.PureWindowsPath",
			"numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
			"numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__bit_generator_ctor", "numpy.random._pickle.__generator_ctor",
			"numpy.random.__RandomState_ctor",
			"torch.Size", "torch.device", "torch.serialization._get_layout", "torch._C.Generator",
		},
		container: {
			"collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.deque",
			"builtins.dict", "builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset",
			"argparse.Namespace", "types.SimpleNamespace",
		},
		maker: {
			"torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor_v3",
			"torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
			"torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer", "torch.autograd.variable.Variable", "torch.Tensor",
			"torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type", "torch.tensor._rebuild_from_type",
			"torch._utils._rebuild_sparse_tensor", "torch._utils._rebuild_sparse_csr_tensor", "torch._utils._rebuild_nested_tensor",
			"torch._utils._rebuild_qtensor", "torch._utils._rebuild_meta_tensor_no_storage", "torch._utils._rebuild_wrapper_subclass",
			"torch._utils._rebuild_device_tensor_from_numpy", "torch._utils._rebuild_xla_tensor",
			"torch._utils._rebuild_device_tensor_from_cpu_tensor",
			"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
			"numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer",
		},
		nested: {"torch.storage._load_from_bytes"},
	} {
		for _, name := range names {
			m[name] = r
		}
	}
	return m
}()

// allowCall returns an error if a file calls a function that is not listed.
func allowCall(g *pickle.Global) error {
	if globals[g.String()] == unknown {
		return unsupported("the file calls %s, which reading weights does not need; nothing was called; %s", g.Quote(), saveInstead)
	}
	return nil
}
