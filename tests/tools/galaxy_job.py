"""Prints what Galaxy runs for a tool at a destination with `singularity_enabled`, by Galaxy's own library.

Usage: galaxy_job.py REQUIREMENTS COMMAND, the first as XML; the working directory is that of the job.
"""

import os
import sys
from pathlib import Path

from galaxy.tool_util.deps.containers import ContainerFinder
from galaxy.tool_util.deps.dependencies import AppInfo, JobInfo, ToolInfo
from galaxy.tool_util.parser import get_tool_source

requirements, command = sys.argv[1:]
xml = f'<tool id="greet" name="greet" version="1" profile="24.0">{requirements}<command>{command}</command></tool>'
Path("tool.xml").write_text(xml)
source = get_tool_source("tool.xml")
_, containers, *_ = source.parse_requirements()
tool = ToolInfo(container_descriptions=containers, profile=source.parse_profile())
here = os.getcwd()
job = JobInfo(here, here, here, tmp_directory=None, home_directory=None, job_directory_type="galaxy")
galaxy = AppInfo(default_file_path=here, tool_data_path=here)
container = ContainerFinder(galaxy).find_container(tool, {"singularity_enabled": True}, job)
print(container.containerize_command(source.parse_command()))
