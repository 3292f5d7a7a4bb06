# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
#
# common: what the commands here do before they measure. Sourced by bash; the
# caller has set top.

. "$top/tests/prepare.sh"

common_finish() {
	prepare_stop
	prepare_end
}
trap common_finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Takes --no-install, --out and --help of DRIVER's arguments; sets install,
# out and arguments.
common_arguments() {
	local driver=$1
	shift
	install=yes
	out=$top/build/bench/out
	arguments=()
	while [ "$#" -gt 0 ]; do
		case $1 in
		--no-install) install=no ;;
		-h | --help)
			exec python3 "$top/tests/bench/$driver" --help ;;
		--out=*) out=${1#*=} ;;
		--out) out=${2-}; [ "$#" -gt 1 ] && shift ;;
		*) arguments+=("$1") ;;
		esac
		shift
	done
	if [ -z "$out" ]; then
		prepare_say "--out wants a folder"
		exit 2
	fi
}

common_make() {
	local folder=$build/obj
	if [ -z "${BUILD_DIR-}" ]; then
		prepare_sources "$build/source" || return 1
		mkdir -p "$folder" && cd "$folder" || return 1
		if [ ! -e Makefile ]; then
			"$build/source/configure" -q --disable-tests || return 1
		fi
	else
		cd "$BUILD_DIR" || return 1
	fi
	make -j"$(nproc)" "$@"
}

# common_run DRIVER TARGET...: builds them, then runs the driver. The caller
# has set packages.
common_run() {
	local driver=$1
	shift
	prepare_packages "$install" "${prepare_build_packages[@]}" \
	    "${packages[@]}" || exit 3
	PATH=$PATH:/usr/sbin:/sbin
	export PATH LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

	build=$top/build/bench
	mkdir -p "$build" || exit 3
	prepare_lock "$build" || exit 3
	if ! prepare_run common_make "$@" >"$build/build.log" 2>&1; then
		tail -n 40 "$build/build.log" >&2
		prepare_say "building failed; all of it: $build/build.log"
		exit 3
	fi
	prepare_run env --default-signal=INT \
	    BUILD_DIR="${BUILD_DIR-$build/obj}" \
	    python3 "$top/tests/bench/$driver" \
	    --build "${BUILD_DIR-$build/obj}" --out "$out" \
	    ${arguments[@]+"${arguments[@]}"}
}
