namespace Kbus.Core;

/// <summary>Numbers for the bindings and debts of a bus, by which saved books name them. 0 stands for none.</summary>
internal sealed class BooksPlaces
{
    /// <summary>Stands for a debt whose sender has gone: nobody can see more of it.</summary>
    public const uint SenderGone = uint.MaxValue;

    private readonly Dictionary<Binding, uint> _bindings = [];
    private readonly Dictionary<ReplyDebt, uint> _debts = [];

    /// <summary>Gives a binding the next number.</summary>
    public void Add(Binding binding) => _bindings.Add(binding, (uint)_bindings.Count + 1);

    /// <summary>Gives a debt the next number.</summary>
    public void Add(ReplyDebt debt) => _debts.Add(debt, (uint)_debts.Count + 1);

    /// <summary>The number of a binding.</summary>
    public uint Of(Binding? binding) => binding is null ? 0 : _bindings[binding];

    /// <summary>The number of a debt.</summary>
    public uint Of(ReplyDebt? debt) => debt is null ? 0 : debt.Sender.IsOpen ? _debts[debt] : SenderGone;
}
