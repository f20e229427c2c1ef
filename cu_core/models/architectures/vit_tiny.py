"""A small vision transformer (arXiv:2010.11929) as CoUn uses it (arXiv:2509.16391, appendix E.1).

Patches of 4 x 4 pixels at 32 x 32, width 512, 6 blocks of 12 heads of 64 and an MLP of 1,024,
dropout 0.1. Norms sit before each half of a block, and around the patch embedding too. The first
five weights are positions, class token, the norm of the patches (two) and the patch layer, in
this order, so that CoUn's "indices 0 and 4" for weight negation are the positions and the patches.

Patches grow with the image: at most 8 along its longer side, so that attention stays cheap. An
image they do not divide is padded with zeros at the bottom and on the right.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention, unfold

from cu_core.models._base import Architecture, Shape, needs_image

WIDTH, DEPTH, HEADS, HEAD_WIDTH, HIDDEN, DROPOUT = 512, 6, 12, 64, 1024, 0.1
PATCH, PATCHES_ALONG = 4, 8  # the least side of a patch in pixels; the most patches along a side


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * HEADS * HEAD_WIDTH, bias=False)
        self.out = nn.Linear(HEADS * HEAD_WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, _ = x.shape
        qkv = self.qkv(self.norm(x)).view(n, tokens, 3, HEADS, HEAD_WIDTH)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, HEADS, T, HEAD_WIDTH)
        dropout = DROPOUT if self.training else 0.0
        mixed = scaled_dot_product_attention(q, k, v, dropout_p=dropout)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(n, tokens, HEADS * HEAD_WIDTH))
        return nn.functional.dropout(out, DROPOUT, self.training)


def mlp() -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(WIDTH),
        nn.Linear(WIDTH, HIDDEN),
        nn.GELU(),
        nn.Dropout(DROPOUT),
        nn.Linear(HIDDEN, WIDTH),
        nn.Dropout(DROPOUT),
    )


class VisionTransformer(nn.Module):
    """(B, C, H, W) -> (B, 512): the class token after the last norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        channels, height, width = shape
        self.patch = max(PATCH, -(-max(height, width) // PATCHES_ALONG))
        self.short = (-width % self.patch, -height % self.patch)  # pixels of padding
        n = -(-height // self.patch) * -(-width // self.patch)  # patches
        self.positions = nn.Parameter(torch.empty(1, n + 1, WIDTH))
        self.token = nn.Parameter(torch.empty(1, 1, WIDTH))
        self.reset_parameters()
        pixels = channels * self.patch**2
        self.embed = nn.Sequential(
            nn.LayerNorm(pixels), nn.Linear(pixels, WIDTH), nn.LayerNorm(WIDTH)
        )
        self.attentions = nn.ModuleList(Attention() for _ in range(DEPTH))
        self.mlps = nn.ModuleList(mlp() for _ in range(DEPTH))
        self.norm = nn.LayerNorm(WIDTH)

    def reset_parameters(self) -> None:
        """Draws anew what no layer inside draws: positions and class token."""
        nn.init.normal_(self.positions, std=0.02)
        nn.init.normal_(self.token, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        x = pad(x, (0, self.short[0], 0, self.short[1]))
        patches = unfold(x, self.patch, stride=self.patch).transpose(1, 2)  # (B, n, C * patch^2)
        z = self.embed(patches)  # (B, n, WIDTH)
        z = torch.cat([self.token.expand(len(z), -1, -1), z], 1) + self.positions  # (B, n+1, WIDTH)
        z = nn.functional.dropout(z, DROPOUT, self.training)
        for attention, feed in zip(self.attentions, self.mlps, strict=True):
            z = z + attention(z)
            z = z + feed(z)
        out: Tensor = self.norm(z[:, 0])
        return out


def body(shape: Shape) -> tuple[nn.Module, int]:
    return VisionTransformer(shape), WIDTH


ARCHITECTURES = (
    Architecture(
        key="vit-tiny",
        title="ViT (patch 4)",
        help="6 transformer blocks, 15.8 million weights, 512-d embedding. Meant for a GPU.",
        body=body,
        refuses=needs_image,
        lr=0.03,
        epochs_cpu=5,
        epochs_gpu=60,
        heads=("plain", "normalised"),
    ),
)
