# Packages the design @TOP@ as an IP core with AXI streams:
#
#     vivado -mode batch -source pack.tcl
#     vivado -mode batch -source pack.tcl -tclargs xc7z020clg400-1
#
# The core appears in ip/ beside this file, the project it was made from in ip_project/. Both are written anew.
# Not run here: no Vivado was at hand. Its Tcl, the files it names and the ports it names are checked when lutfisk is tested.

set here [file dirname [file normalize [info script]]]
set top @TOP@
set freq_hz @FREQ_HZ@
set streams {@STREAMS@}

# The part: as given, or the first that this Vivado knows of the kind the design was built for.
set part [expr {[llength $argv] > 0 ? [lindex $argv 0] : [lindex [get_parts -quiet {@PART@*}] 0]}]
if {$part eq ""} {
    error "this Vivado knows no part @PART@*: name one with -tclargs PART"
}

# Sources in the order of rtl/filelist.f; memories lie beside them and are read as ./NAME.
set rtl [file join $here rtl]
set list [open [file join $rtl filelist.f]]
set sources {}
foreach name [split [string trim [read $list]] \n] {
    lappend sources [file join $rtl $name]
}
close $list
set memories [lsort [glob -nocomplain -directory $rtl *.mem]]
set constraints [file join $here constraints.xdc]

create_project -force ${top}_ip [file join $here ip_project] -part $part
add_files -norecurse $sources
if {[llength $memories] > 0} {
    add_files -norecurse $memories
    set_property file_type {Memory Initialization Files} [get_files $memories]
}
add_files -fileset constrs_1 -norecurse $constraints
# The clock of the design that the core is put into counts; this one serves when the core is synthesized alone.
set_property used_in {synthesis implementation out_of_context} [get_files $constraints]
set_property top $top [current_fileset]
update_compile_order -fileset sources_1

ipx::package_project -root_dir [file join $here ip] -vendor lutfisk -library nn -taxonomy /UserIP -import_files -force
set core [ipx::current_core]
set_property name $top $core
set_property version 1.0 $core
set_property display_name $top $core
set_property description "Neural network $top, made by lutfisk" $core

# Interfaces that packaging has not found by their names already.
proc interface {core name ports kind} {
    if {[ipx::get_bus_interfaces -quiet $name -of_objects $core] eq ""} {
        ipx::infer_bus_interface $ports $kind $core
    }
}
proc parameter {core name key value} {
    set bus [ipx::get_bus_interfaces $name -of_objects $core]
    set parameter [ipx::get_bus_parameters -quiet $key -of_objects $bus]
    if {$parameter eq ""} {
        set parameter [ipx::add_bus_parameter $key $bus]
    }
    set_property value $value $parameter
}

interface $core aclk aclk xilinx.com:signal:clock_rtl:1.0
interface $core aresetn aresetn xilinx.com:signal:reset_rtl:1.0
parameter $core aclk FREQ_HZ $freq_hz
parameter $core aresetn POLARITY ACTIVE_LOW
foreach stream $streams {
    set ports [list ${stream}_tdata ${stream}_tvalid ${stream}_tready ${stream}_tlast]
    interface $core $stream $ports xilinx.com:interface:axis_rtl:1.0
    ipx::associate_bus_interfaces -busif $stream -clock aclk $core
}
ipx::associate_bus_interfaces -clock aclk -reset aresetn $core

ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity $core
ipx::save_core $core
close_project
