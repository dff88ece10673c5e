"""Instance, demand and plan files."""

from instances.files.atomic import atomic_write
from instances.files.demand_file import read_demand
from instances.files.instance_file import read
from instances.files.instance_out import write
from instances.files.plan_file import read_plan
from instances.files.plan_out import write_plan

__all__ = ["atomic_write", "read", "read_demand", "read_plan", "write", "write_plan"]
