"""Writes modules of PyTorch with their inputs and outputs: NAME/model.safetensors, NAME/model.pt and NAME/io.json, with
the batch first and channels first.

    pip install torch numpy safetensors
    python testdata/pytorch/gen.py
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

here = pathlib.Path(__file__).parent
torch.manual_seed(20261127)


def spread(module):
    """Gives all parameters and statistics different values, so that tests notice if they are
    swapped."""
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn_like(p) * 0.5)
        for name, b in module.named_buffers():
            if name.endswith("running_var"):
                b.copy_(torch.rand_like(b) + 0.5)
            elif name.endswith("running_mean"):
                b.copy_(torch.randn_like(b))
            elif name.endswith("num_batches_tracked"):
                b.fill_(17)
    return module.eval()


def case(name, module, call, *inputs):
    spread(module)
    with torch.no_grad():
        outputs = call(module, *inputs)
    if isinstance(outputs, torch.Tensor):
        outputs = [outputs]
    directory = here / name
    directory.mkdir(exist_ok=True)
    state = {k: v.clone().contiguous() for k, v in module.state_dict().items()}
    save_file(state, str(directory / "model.safetensors"), metadata={"format": "pt"})
    torch.save(state, str(directory / "model.pt"))

    def listed(ts):
        return [{"shape": list(t.shape), "values": [float(f"{v:.9g}") for v in t.flatten().tolist()]} for t in ts]

    (directory / "io.json").write_text(json.dumps({"inputs": listed(inputs), "outputs": listed(outputs)}) + "\n")


def named(**modules):
    return nn.ModuleDict(modules)


x = torch.randn
case("linear", named(fc1=nn.Linear(5, 4), fc2=nn.Linear(4, 4, bias=False)), lambda m, a: m.fc2(torch.tanh(m.fc1(a))), x(3, 5))
case("sequential", nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)), lambda m, a: m(a), x(3, 5))
case("conv1d", named(conv=nn.Conv1d(3, 4, 3, dilation=2)), lambda m, a: m.conv(a), x(2, 3, 9))
case("conv2d", named(conv1=nn.Conv2d(3, 4, (3, 2), stride=(2, 1)), conv2=nn.Conv2d(4, 4, 1, bias=False)), lambda m, a: m.conv2(F.relu(m.conv1(a))), x(2, 3, 7, 6))
case("conv2d_groups", named(dw=nn.Conv2d(3, 6, 3, groups=3), g=nn.Conv2d(6, 4, 2, groups=2)), lambda m, a: m.g(m.dw(a)), x(1, 3, 6, 5))
case("conv3d", named(conv=nn.Conv3d(2, 3, (2, 1, 3))), lambda m, a: m.conv(a), x(1, 2, 4, 3, 5))
case("conv_transpose1d", named(up=nn.ConvTranspose1d(3, 2, 3, stride=3)), lambda m, a: m.up(a), x(2, 3, 4))
case("conv_transpose2d", named(up=nn.ConvTranspose2d(3, 2, (2, 3), stride=(2, 3))), lambda m, a: m.up(a), x(1, 3, 3, 4))
case("flattened", nn.Sequential(nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 3 * 4, 5)), lambda m, a: m(a), x(2, 1, 4, 5))
case("norms", named(bn=nn.BatchNorm2d(4), plain=nn.BatchNorm2d(4, affine=False), ln=nn.LayerNorm(5), gn=nn.GroupNorm(2, 4), rms=nn.RMSNorm(5, eps=1e-6)),
     lambda m, a: [m.bn(a), m.plain(a), m.ln(a), m.gn(a), m.rms(a)], x(2, 4, 3, 5))
case("embedding", named(emb=nn.Embedding(7, 3)), lambda m, a: m.emb(a.long()), torch.tensor([[0.0, 3.0, 6.0], [1.0, 1.0, 2.0]]))
case("prelu", named(a=nn.PReLU(), b=nn.PReLU(4)), lambda m, a: m.b(m.a(a)), x(2, 4, 3))
for kind, module in (("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)):
    case(kind, named(rnn=module(3, 4, batch_first=True)), lambda m, a: m.rnn(a)[0], x(2, 5, 3))
    case(kind + "_stacked", named(rnn=module(3, 4, num_layers=2, batch_first=True)), lambda m, a: m.rnn(a)[0], x(2, 5, 3))
    case(kind + "_bidirectional", named(rnn=module(3, 4, num_layers=2, bidirectional=True, batch_first=True)), lambda m, a: m.rnn(a)[0], x(2, 5, 3))
case("lstm_cell", named(cell=nn.LSTMCell(3, 4)), lambda m, a: m.cell(a)[0], x(2, 3))
case("attention", named(attn=nn.MultiheadAttention(6, 3, batch_first=True)), lambda m, q, kv: m.attn(q, kv, kv)[0], x(2, 4, 6), x(2, 5, 6))
case("attention_widths", named(attn=nn.MultiheadAttention(6, 2, kdim=4, vdim=4, batch_first=True)), lambda m, q, kv: m.attn(q, kv, kv)[0], x(2, 4, 6), x(2, 5, 4))
case("encoder_layer", named(enc=nn.TransformerEncoderLayer(6, 3, 8, batch_first=True)), lambda m, a: m.enc(a), x(2, 4, 6))
case("conv_transpose_groups", named(up=nn.ConvTranspose1d(4, 6, 4, stride=2, padding=1, output_padding=1, groups=2),
                                    wide=nn.ConvTranspose2d(3, 6, (2, 3), stride=(3, 1), dilation=(1, 2), groups=3, bias=False)),
     lambda m, a, b: [m.up(a), m.wide(b)], x(2, 4, 5), x(1, 3, 3, 4))
case("norms_bare", named(plain=nn.LayerNorm((3, 4), elementwise_affine=False), scaled=nn.LayerNorm((3, 4), bias=False), group=nn.GroupNorm(2, 2, affine=False),
                         instance=nn.InstanceNorm2d(2, affine=True)),
     lambda m, a: [m.plain(a), m.scaled(a), m.group(a), m.instance(a)], x(2, 2, 3, 4))
case("sequential_gaps", named(net=nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4, bias=False), nn.Tanh(), nn.Linear(4, 2))), lambda m, a: m.net(a), x(2, 3))
case("encoder", named(enc=nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, activation="gelu", norm_first=True, batch_first=True, bias=False), 2,
                                                norm=nn.LayerNorm(4), enable_nested_tensor=False)), lambda m, a: m.enc(a), x(1, 3, 4))
