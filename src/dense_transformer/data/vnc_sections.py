"""The public Drosophila VNC sections, as `downloads` fetches them.

Gerhard, Funke, Martel, Cardona, Fetter: Segmented anisotropic ssTEM dataset of
neural tissue, doi:10.6084/m9.figshare.856713; 4.6 nm a pixel, sections of 45 to
50 nm. The repository states CC BY-NC-SA 3.0, figshare CC BY 4.0.
"""

from __future__ import annotations

from dense_transformer.data.receiving import Remote

VNC_PIXEL_NM = (4.6, 4.6)
VNC_SECTION_NM = 50.0
VNC_SIZE = (1024, 1024)
VNC_CITATION = (
    "Gerhard et al., Segmented anisotropic ssTEM dataset of neural tissue, "
    "doi:10.6084/m9.figshare.856713 (CC BY-NC-SA 3.0)"
)

# A commit, not a branch: what it names can't change.
_BASE = (
    "https://raw.githubusercontent.com/unidesigner/groundtruth-drosophila-vnc/"
    "68c1639eb3bc5eb2834e8f130ec7821e0c82439d/stack1/raw/"
)
_BYTES = 1_048_734
_SHA256 = (
    "b76df299a184d9a8616aa7867a1b0f577313e97cc9fef826a0f76f65f9676383",
    "718808c0149d6e24ee7b12085695c1ff8e3afb8e5dd13e18ca291fc9b60fcd09",
    "0e2480e0164bcbc2704d76232919f5fcc0540988c6f91a8a78b8f514718717a4",
    "1d6ca42fad097c8647b5e077ade1e7cb124d09aa11ef51b22c74367a44b04af6",
    "6be1ca5151edf4ffbe79745ce3a1cad784a83fc5843120820ba4133474c41bab",
    "5c208cd81d2bebe969e07f5c6717514e8c5c2e9967bac3685ddb71add9142b94",
    "db5ad4774950f7b0656853328bd8ef1e43f7b0790bf417c760a0cf1a1ac9999e",
    "5a0611902a45f3bf368ffc3312c74b0f2a8f923bba6f73d9041c727d3060bfbf",
    "9cff4e390c3604152a2b7a70d99e96edc45d1e50b48ae64b042ed2220fbdfbb9",
    "eeb17b2971d467a96525d879037d69d5973c998f5e4bcafe6d9adec08b4457a5",
    "6a9debebb6e78e0789b732d16ef4755011b5047299f9f1c22edb28a06c106a16",
    "318f17e45754e890ab7df384a1f3941bebeea4864fe4b49a34758a858de56bbe",
    "6e1a8b23083641cb4a066d281ff4c5149056a0f17b32e68d04c57948ef6f5547",
    "564970a899a67aab0ad899d22d19c43b68f6eeb01d893f5770ebc114cb4bd12c",
    "7a3bfd5951dbe637c764e51835a3d59c63de33b2dbcc9b0d70a0302a30dde904",
    "80ab55b19d877d791f2e008343ea1eb2315bd9dfe53bec141ea99c05a66b20c0",
)

VNC_SECTIONS: tuple[Remote, ...] = tuple(
    Remote(f"vnc/{index:02d}.tif", f"{_BASE}{index:02d}.tif", sha256, _BYTES)
    for index, sha256 in enumerate(_SHA256)
)
