from regimes.prediction.dataset.predict import predict as predict
from regimes.prediction.dataset.result import Prediction as Prediction
from regimes.prediction.decisions.advise import advise as advise
from regimes.prediction.decisions.result import Advice as Advice
from regimes.numerics.speciation.problem import Mixture as Mixture
from regimes.prediction.speciation.predict import predict_speciation as predict_speciation
from regimes.prediction.speciation.predict import Speciation as Speciation
from regimes.prediction.speciation.classes import predict_classes as predict_classes
from regimes.prediction.speciation.classes import ClassTree as ClassTree
from regimes.prediction.collapse.predict import predict_collapse as predict_collapse
from regimes.prediction.collapse.predict import Collapse as Collapse
from regimes.prediction.hierarchy.predict import predict_hierarchy as predict_hierarchy
from regimes.numerics.hierarchy.problem import Hierarchy as Hierarchy
from regimes.prediction.hierarchy.result import HierarchyPrediction as HierarchyPrediction
from regimes.prediction.composition.grid import predict_percolation as predict_percolation
from regimes.prediction.composition.grid import PercolationPrediction as PercolationPrediction
from regimes.numerics.composition.bumps.bump_grid import BumpGrid as BumpGrid
from regimes.prediction.composition.data import predict_data_percolation as predict_data_percolation
from regimes.prediction.composition.data import DataPercolationPrediction as DataPercolationPrediction
from regimes.numerics.interface.result import Result as Result
from regimes.numerics.interface.number import Number as Number
from regimes.datasets.points.loading import load_dataset as load_dataset
from regimes.datasets.points.builtin import builtin_datasets as builtin_datasets
from regimes.datasets.points.dataset import Dataset as Dataset
from regimes.datasets.points.dataset import Preprocessing as Preprocessing
from regimes.process import *  # noqa: F403
from regimes.theory.catalogue import formula as formula
from regimes.theory.catalogue import catalogue as catalogue
from regimes.theory.formula.formula import Formula as Formula
from regimes.numerics.compiled.compile import compile_formula as compile_formula
from regimes.numerics.compiled.compile import CompiledFormula as CompiledFormula
from regimes.numerics.interface.errors import NotConverged as NotConverged

from regimes import process as process
from regimes import speciation as speciation
from regimes import collapse as collapse
from regimes import decisions as decisions
from regimes import learning as learning
from regimes import hierarchy as hierarchy
from regimes import composition as composition
from regimes import validation as validation

__version__: str
