"""Fetch GitHub's published descriptions with npm, once: what `make contract` does before it runs the tests.

Each package is pinned by version and integrity. Its tarball is checked against the pin, and only the files that the
tests read are kept, under `.cache/contract/<package>-<version>/`. Everything that goes wrong ends with exit code 1.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "contract"
NPM_SECONDS = 600


class NotFetched(Exception):
    """A package is not there; the message says what to do."""


@dataclass(frozen=True)
class Package:
    """One npm package: its pin and the files that are kept, relative to its root."""

    name: str
    version: str
    sha512: str
    files: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return CACHE / f"{self.name.rpartition('/')[2]}-{self.version}"

    def path(self, file: str) -> Path:
        """A kept file. Raises NotFetched while it is not there."""
        found = self.folder / file
        if not found.is_file():
            raise NotFetched(f"{found} is missing. Run `make contract`, which fetches it.")
        return found


OPENAPI = Package(
    "@octokit/openapi",
    "23.0.2",
    "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
    ("generated/api.github.com.json", "generated/ghes-3.19.json"),
)
WEBHOOKS = Package(
    "@octokit/openapi-webhooks",
    "12.1.0",
    "Z5eDsLCUNbx1zHpZb1LNQirADqdMTvWJQ/deahi0ws+tWWnwHXB+Pr4jfmM9OrETS9Y5iW8ZRu1fdbudObhLrg==",
    ("generated/api.github.com.json",),
)
GRAPHQL = Package(
    "@octokit/graphql-schema",
    "15.26.1",
    "RFDC2MpRBd4AxSRvUeBIVeBU7ojN/SxDfALUd7iVYOSeEK3gZaqR2MGOysj4Zh2xj2RY5fQAUT+Oqq7hWTraMA==",
    ("schema.graphql",),
)
EXAMPLES = Package(
    "@octokit/webhooks-examples",
    "7.6.1",
    "De6U3XB6O3DtCa7bKgCMzTHdeopqqZ6SNivMYJnK65ierKL1AnNIA0tkRYCRS7lwGT792d+Ps1WbfHlso6MynQ==",
    tuple(f"{folder}/index.json" for folder in ("api.github.com", *(f"ghes-{n}" for n in range(31, 36)))),
)
PACKAGES = (OPENAPI, WEBHOOKS, GRAPHQL, EXAMPLES)


def fetch(package: Package) -> bool:
    """Bring a package into the cache; False when it was there. Raises NotFetched."""
    if all((package.folder / file).is_file() for file in package.files):
        return False
    npm = shutil.which("npm")
    if npm is None:
        raise NotFetched("npm is missing. Install Node.js with npm (Debian: `apt-get install nodejs npm`).")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        tarball = _packed(npm, package, Path(scratch))
        _check(package, tarball)
        unpacked = Path(scratch) / "unpacked"
        _unpack(package, tarball, unpacked)
        shutil.rmtree(package.folder, ignore_errors=True)
        unpacked.rename(package.folder)
    return True


def _packed(npm: str, package: Package, scratch: Path) -> Path:
    spec = f"{package.name}@{package.version}"
    command = [npm, "pack", spec, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(scratch)]
    try:
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=NPM_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NotFetched(f"npm brought no {spec} within {NPM_SECONDS} s. Is the network there?") from None
    found = list(scratch.glob("*.tgz"))
    if done.returncode or len(found) != 1:
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise NotFetched(f"npm could not bring {spec}: {said}\nIs the network there, and npm's registry set?")
    return found[0]


def _check(package: Package, tarball: Path) -> None:
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if digest != package.sha512:
        raise NotFetched(
            f"{package.name}@{package.version} is not what was pinned: sha512-{digest} came, sha512-{package.sha512} "
            "was expected. Nothing was kept. Trust npm's registry again before you renew the pin."
        )


def _unpack(package: Package, tarball: Path, folder: Path) -> None:
    with tarfile.open(tarball) as archive:
        for file in package.files:
            try:
                member = archive.extractfile(f"package/{file}")
            except KeyError:
                member = None
            if member is None:
                raise NotFetched(f"{package.name}@{package.version} holds no {file}. Correct the list in {__file__}.")
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(member.read())


def main() -> int:
    """Fetch everything that is missing; 1 with the reason on stderr when that cannot be done."""
    for package in PACKAGES:
        try:
            new = fetch(package)
        except (NotFetched, OSError, tarfile.TarError) as error:
            print(f"make contract: {error}", file=sys.stderr)
            return 1
        print(f"{package.name} {package.version}: {'fetched' if new else 'cached'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
