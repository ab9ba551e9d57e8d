# Runs a build's pack.tcl and constraints.xdc with Vivado's commands replaced by procs that look at their arguments:
# pack_recorder.tcl DIR TOP [PART]. Whatever is not a command of Tcl or below is an error.
set auto_noexec 1
namespace eval seen {} ;# what the scripts see of the design and what they did: their own variables are global
set ::seen::dir [lindex $argv 0]
set top [lindex $argv 1]
set argv [lrange $argv 2 end]
set rtl [open [file join $::seen::dir rtl $top.v]]
set text [read $rtl]
close $rtl
regexp {module\s+(\w+)\s*\((.*?)\);} $text - ::seen::module header
set ::seen::ports [lmap {- name} [regexp -all -inline {(?:input|output)\s+wire\s+(?:\[[^\]]*\]\s*)?(\w+)} $header] {set name}]
set ::seen::interfaces {}
set ::seen::parameters {}
set ::seen::clocked {}
set ::seen::files {}
set ::seen::done {}

proc expect {condition what} {
    if {![uplevel 1 [list expr $condition]]} {
        error "expected $what"
    }
}
proc value_of {arguments option} {
    set at [lsearch -exact $arguments $option]
    expect {$at >= 0} "$option in $arguments"
    lindex $arguments $at+1
}

proc get_parts {option pattern} {
    return [list [string map {* clg400-1} $pattern] other]
}
proc create_project {args} {
    expect {[string match xc* [value_of $args -part]]} "a part, not [value_of $args -part]"
    lappend ::seen::done project [value_of $args -part]
}
proc add_files {args} {
    foreach file [lindex $args end] {
        expect {[file exists $file]} "the file $file"
        lappend ::seen::files [file normalize $file]
    }
}
proc get_files {names} {
    foreach name [concat $names] {
        expect {[file normalize $name] in $::seen::files} "$name among the added files"
    }
    return $names
}
proc current_fileset {} {
    return sources_1
}
proc set_property {name value object} {
    if {$name eq "top"} {
        expect {$value eq $::seen::module} "the top module $::seen::module, not $value"
        lappend ::seen::done top
    }
    if {$name eq "value"} {
        dict set ::seen::parameters $object $value
    }
}
proc update_compile_order {args} {}
proc close_project {} {
    lappend ::seen::done close
}
proc get_ports {name} {
    expect {$name in $::seen::ports} "the port $name"
    return $name
}
proc create_clock {args} {
    set ::seen::period [value_of $args -period]
    expect {[lindex $args end] eq "aclk"} "the clock aclk"
}
namespace eval ipx {
    proc package_project {args} {
        lappend ::seen::done packaged
    }
    proc current_core {} {
        return core
    }
    proc get_bus_interfaces {args} {
        set name [lindex [lsearch -all -inline -not -glob $args -*] 0]
        return [expr {$name in $::seen::interfaces ? $name : ""}]
    }
    proc infer_bus_interface {names kind core} {
        foreach name $names {
            expect {$name in $::seen::ports} "the port $name of $::seen::module"
        }
        expect {[llength $names] == ([string match *axis_rtl* $kind] ? 4 : 1)} "all ports of an interface"
        lappend ::seen::interfaces [regsub {_tdata$} [lindex $names 0] {}]
    }
    proc get_bus_parameters {args} {
        return ""
    }
    proc add_bus_parameter {key bus} {
        expect {$bus ne ""} "a bus for $key"
        return $bus.$key
    }
    proc associate_bus_interfaces {args} {
        expect {[value_of $args -clock] eq "aclk"} "aclk"
        if {"-busif" in $args} {
            expect {[value_of $args -busif] in $::seen::interfaces} "the interface [value_of $args -busif]"
            lappend ::seen::clocked [value_of $args -busif]
        } else {
            lappend ::seen::clocked [value_of $args -reset]
        }
    }
    foreach command {create_xgui_files update_checksums check_integrity save_core} {
        proc $command {core} [list lappend ::seen::done $command]
    }
}

source [file join $::seen::dir pack.tcl]
source [file join $::seen::dir constraints.xdc]

foreach file [glob -directory [file join $::seen::dir rtl] *.v *.mem] {
    expect {[file normalize $file] in $::seen::files} "$file among the added files"
}
set streams [lmap port [lsearch -all -inline -glob $::seen::ports *_tdata] {regsub {_tdata$} $port {}}]
expect {[lsort $::seen::interfaces] eq [lsort [concat aclk aresetn $streams]]} "an interface for each of $streams, not $::seen::interfaces"
expect {[lsort $::seen::clocked] eq [lsort [concat aresetn $streams]]} "a clock for each of $streams and the reset, not $::seen::clocked"
expect {[llength $::seen::ports] == 2 + 4 * [llength $streams]} "all of $::seen::ports in interfaces"
expect {[dict get $::seen::parameters aresetn.POLARITY] eq "ACTIVE_LOW"} "an active-low reset"
set ghz [expr {[dict get $::seen::parameters aclk.FREQ_HZ] / 1e9}]
expect {abs($::seen::period * $ghz - 1) < 0.001 && $::seen::period * $ghz < 1.000001} "a period of $ghz GHz, not $::seen::period"
foreach step {packaged top create_xgui_files update_checksums check_integrity save_core close} {
    expect {$step in $::seen::done} "$step"
}
puts "[lindex $::seen::done 1], [llength $::seen::files] files, streams $streams, period $::seen::period"
