# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154,SC2034,SC2016
#
# prepare: what quickstart and run-tests do before they build. Sourced by
# bash; the caller has set top (the source tree).
#
# Installing a web server on Debian starts it and would take the ports of
# whatever runs there. policy-rc.d is Debian's own way to say no; it is put
# back as it was however the script ends.

prepare_policy=/usr/sbin/policy-rc.d
prepare_saved=/usr/sbin/policy-rc.d.before-fcgi-router
prepare_mark='# temporary, by fcgi-router: daemons stay down while packages are installed'
prepare_guarded=no
prepare_child=

prepare_say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

prepare_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# One run at a time in a build folder.
prepare_lock() {
	exec 9>"$1/lock" || return 1
	if ! flock -n 9; then
		prepare_say "another run is at work in $1"
		return 1
	fi
}

# prepare_run COMMAND...: in a process group of its own, so that prepare_stop
# can end all of it, and so that a signal to the script is acted on at once.
prepare_run() {
	local result
	set -m
	"$@" </dev/null 9>&- &
	prepare_child=$!
	set +m
	wait "$prepare_child"
	result=$?
	prepare_child=
	return "$result"
}

# SIGINT first: it lets pytest stop the servers that it started.
prepare_stop() {
	local waited=0
	if [ -z "$prepare_child" ]; then
		return
	fi
	kill -INT -- "-$prepare_child" 2>/dev/null
	while kill -0 -- "-$prepare_child" 2>/dev/null && [ "$waited" -lt 150 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	kill -KILL -- "-$prepare_child" 2>/dev/null
	prepare_child=
}

# Undoes prepare_guard, also that of a run which was killed in the middle.
prepare_unguard() {
	if [ -e "$prepare_saved" ]; then
		prepare_root mv -f "$prepare_saved" "$prepare_policy"
	elif [ -e "$prepare_policy" ] &&
	    grep -qF "$prepare_mark" "$prepare_policy" 2>/dev/null; then
		prepare_root rm -f "$prepare_policy"
	fi
	prepare_guarded=no
}

prepare_guard() {
	prepare_unguard
	prepare_guarded=yes
	if [ -e "$prepare_policy" ]; then
		prepare_root mv "$prepare_policy" "$prepare_saved" || return 1
	fi
	printf '#!/bin/sh\n%s\nexit 101\n' "$prepare_mark" |
	    prepare_root sh -c 'cat >"$1" && chmod 755 "$1"' - "$prepare_policy"
}

# To be called by the caller's exit trap.
prepare_end() {
	if [ "$prepare_guarded" = yes ]; then
		prepare_unguard
	fi
}

# Is it there? PACKAGE, or PACKAGE=COMMAND where another package may bring the
# command just as well.
prepare_has() {
	case $1 in
	*=*) PATH=$PATH:/usr/sbin:/sbin command -v "${1#*=}" >/dev/null ;;
	*) dpkg-query -W -f '${Status}' "$1" 2>/dev/null |
	    grep -q '^install ok installed$' ;;
	esac
}

# What a package would ask about. Postfix without a configuration has no daemon.
prepare_answer() {
	case " $* " in
	*' postfix '*)
		echo 'postfix postfix/main_mailer_type select No configuration' |
		    prepare_root debconf-set-selections ;;
	esac
}

# prepare_packages INSTALL(yes|no) PACKAGE[=COMMAND]...
prepare_packages() {
	local install=$1 missing=() commands=() one
	shift
	for one in "$@"; do
		# Without dpkg only a command can be looked for; configure will
		# name the libraries.
		if ! command -v dpkg-query >/dev/null && [ "${one%%=*}" = "$one" ]; then
			continue
		fi
		if ! prepare_has "$one"; then
			missing+=("${one%%=*}")
		fi
	done
	# A run that was killed may have left it.
	if [ "$install" = yes ]; then
		prepare_unguard
	fi
	if [ "${#missing[@]}" -eq 0 ]; then
		return 0
	fi
	if [ "$install" = no ]; then
		prepare_say "missing: ${missing[*]}"
		prepare_say "on Debian: apt-get install ${missing[*]}"
		return 1
	fi
	if ! command -v apt-get >/dev/null; then
		prepare_say "there is no apt-get here: install what these Debian" \
		    "packages hold, then use --no-install: ${missing[*]}"
		return 1
	fi
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		prepare_say "not root, and there is no sudo; as root:" \
		    "apt-get install ${missing[*]}"
		return 1
	fi
	prepare_say "installing Debian packages (--no-install prevents it): ${missing[*]}"
	if [ "$(id -u)" -ne 0 ]; then
		prepare_say "sudo is used for apt-get, and for $prepare_policy," \
		    "which keeps daemons from being started meanwhile"
	fi
	prepare_guard || return 1
	prepare_root apt-get -qq update </dev/null &&
	    prepare_answer "${missing[@]}" &&
	    prepare_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
		-o Dpkg::Use-Pty=0 --no-install-recommends install \
		"${missing[@]}" </dev/null >/dev/null
	one=$?
	prepare_unguard
	if [ "$one" -ne 0 ]; then
		prepare_say "apt-get failed"
		return 1
	fi
	if [ -d /run/systemd/system ]; then
		for one in "${missing[@]}"; do
			case $one in
			apache2 | caddy | haproxy | lighttpd | nginx-light | \
			php8.2-fpm)
				commands+=("${one%-light}") ;;
			esac
		done
		if [ "${#commands[@]}" -gt 0 ]; then
			prepare_say "not started, but at the next boot they would be;" \
			    "to prevent that: systemctl disable ${commands[*]}"
		fi
	fi
}

# prepare_sources FOLDER: a copy of the source tree with configure made. The
# tree itself stays as it is, whether it is fresh, released or built in.
prepare_sources() {
	local to=$1 file
	mkdir -p "$to" || return 1
	(cd "$top" && tar -cf - --exclude='./build*' --exclude='./.git' \
	    --exclude=./autom4te.cache --exclude=./aclocal.m4 \
	    --exclude='./configure' --exclude='./configure~' \
	    --exclude='./config.*' --exclude=./Makefile \
	    --exclude=./Makefile.in --exclude='*.o' --exclude='*.a' \
	    --exclude=.deps --exclude=.dirstamp --exclude=__pycache__ \
	    --exclude=.pytest_cache .) |
	    (cd "$to" && tar -xf -) || return 1
	# What is gone from the tree must not be tested any more.
	(cd "$to" && find . -path './build*' -prune -o -name autom4te.cache -prune \
	    -o -type f -print) | while IFS= read -r file; do
		case $file in
		./configure | ./aclocal.m4 | ./Makefile.in) continue ;;
		esac
		if [ ! -e "$top/$file" ]; then
			rm -f "$to/$file"
		fi
	done
	if [ "$to/configure" -nt "$to/configure.ac" ] &&
	    [ "$to/Makefile.in" -nt "$to/Makefile.am" ]; then
		return 0
	fi
	(cd "$to" && autoreconf -fi)
}

# What building takes; the tests' own packages are in run-tests.
prepare_build_packages=(gcc=gcc libc6-dev make=make autoconf=autoconf
	automake=automake pkg-config=pkg-config libfcgi-dev libdb5.3-dev
	libcurl4-openssl-dev libiniparser-dev libidn2-dev libjansson-dev
	libpsl-dev libssl-dev libcrypt-dev)
